// State and keys are not deleted by mistake. Whoever means it takes the lock away first.

@description('Name of the storage account.')
param storageAccountName string

@description('Name of the vault.')
param vaultName string

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageAccountName
}

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' existing = {
  name: vaultName
}

resource accountLock 'Microsoft.Authorization/locks@2020-05-01' = {
  scope: account
  name: 'state'
  properties: {
    level: 'CanNotDelete'
    notes: 'The geography\'s state: connections, visits, outbox.'
  }
}

resource vaultLock 'Microsoft.Authorization/locks@2020-05-01' = {
  scope: vault
  name: 'keys'
  properties: {
    level: 'CanNotDelete'
    notes: 'Without these keys no sealed value can be read again.'
  }
}

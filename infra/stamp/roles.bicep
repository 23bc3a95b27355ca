// What the functions may do, and nothing else: docs/decisions/0029 says why each of these.

@description('Object id of the managed identity.')
param principalId string

@description('Name of the storage account.')
param storageAccountName string

@description('Name of the vault.')
param vaultName string

@description('Name of Application Insights.')
param insightsName string

@description('Makes names unique.')
param token string

// Built-in roles have the same id in every tenant.
var storageRoles = {
  blobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  queueDataReader: '19e7f393-937e-4f77-808e-94535e297925'
  queueDataMessageProcessor: '8a0f0c08-91a1-4084-bc3d-661d67233fed'
  queueDataMessageSender: 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a'
  tableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
}
var stampId = resourceGroup().id
var monitoringMetricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageAccountName
}

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' existing = {
  name: vaultName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource storageRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for one in items(storageRoles): {
  scope: account
  name: guid(account.id, principalId, one.value)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', one.value)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}]

// No built-in role fits: those that may make a key version or a certificate may also delete and purge them.
resource keysRole 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(stampId, 'keys')
  properties: {
    roleName: 'EHR connector keys ${token}'
    description: 'Uses, rotates and reads the keys of the EHR connector; deletes nothing.'
    type: 'CustomRole'
    assignableScopes: [
      stampId
    ]
    permissions: [
      {
        dataActions: [
          'Microsoft.KeyVault/vaults/keys/read'
          'Microsoft.KeyVault/vaults/keys/create/action'
          'Microsoft.KeyVault/vaults/keys/update/action'
          'Microsoft.KeyVault/vaults/keys/sign/action'
          'Microsoft.KeyVault/vaults/keys/wrap/action'
          'Microsoft.KeyVault/vaults/keys/unwrap/action'
          'Microsoft.KeyVault/vaults/certificates/read'
          'Microsoft.KeyVault/vaults/certificates/create/action'
          'Microsoft.KeyVault/vaults/certificates/update/action'
          'Microsoft.KeyVault/vaults/secrets/getSecret/action'
        ]
      }
    ]
  }
}

resource vaultRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault
  name: guid(vault.id, principalId, keysRole.id)
  properties: {
    roleDefinitionId: keysRole.id
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

resource telemetryRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: insights
  name: guid(insights.id, principalId, monitoringMetricsPublisher)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringMetricsPublisher)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

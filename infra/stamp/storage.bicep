// The geography's state: tables, queues, blobs, and the package that runs. Reached with an identity, never with a key.

@description('Region of the account.')
param region string

@description('Tags.')
param tags object

@description('Makes names unique.')
param token string

@description('Only private endpoints lead to the account.')
param privateNetwork bool

@description('The pair that data is copied to, by name; empty keeps data in the zones of the region.')
param pair string

// The names in shared/store/tables.py, queues.py and blobs.py.
var tables = [
  'Connections'
  'History'
  'Clinicians'
  'Visits'
  'OpenVisits'
  'Circuits'
  'Departures'
]
var queues = [
  'notifications'
  'writebacks'
  'notifications-poison'
  'writebacks-poison'
]
var containers = [
  'notifications'
  'parked'
  'keys'
]
var deploymentContainerName = 'app-package'
var daysToRestore = 14

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: 'stehr${token}'
  location: region
  tags: empty(pair) ? tags : union(tags, { copiedTo: pair })
  kind: 'StorageV2'
  sku: {
    name: empty(pair) ? 'Standard_ZRS' : 'Standard_GZRS'
  }
  properties: {
    accessTier: 'Hot'
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowedCopyScope: 'AAD'
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    isLocalUserEnabled: false
    publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'
    networkAcls: {
      defaultAction: privateNetwork ? 'Deny' : 'Allow'
      bypass: 'None'
    }
    encryption: {
      keySource: 'Microsoft.Storage'
      requireInfrastructureEncryption: true
      services: {
        blob: {
          enabled: true
          keyType: 'Account'
        }
        file: {
          enabled: true
          keyType: 'Account'
        }
        queue: {
          enabled: true
          keyType: 'Account'
        }
        table: {
          enabled: true
          keyType: 'Account'
        }
      }
    }
  }
}

resource blobService 'Microsoft.Storage/storageAccounts/blobServices@2024-01-01' = {
  parent: account
  name: 'default'
  properties: {
    isVersioningEnabled: true
    deleteRetentionPolicy: {
      enabled: true
      days: daysToRestore
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: daysToRestore
    }
  }
}

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = [for name in containers: {
  parent: blobService
  name: name
  properties: {
    publicAccess: 'None'
  }
}]

resource deploymentContainer 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = {
  parent: blobService
  name: deploymentContainerName
  properties: {
    publicAccess: 'None'
  }
}

// Old versions of what is large, short-lived and sealed are no use to anybody. The container `keys` is left out: what
// lies in it opens everything that is sealed.
resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2024-01-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'old-versions'
          enabled: true
          type: 'Lifecycle'
          definition: {
            filters: {
              blobTypes: [
                'blockBlob'
              ]
              prefixMatch: [
                'notifications/'
                'parked/'
              ]
            }
            actions: {
              version: {
                delete: {
                  daysAfterCreationGreaterThan: daysToRestore
                }
              }
            }
          }
        }
      ]
    }
  }
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2024-01-01' = {
  parent: account
  name: 'default'
}

resource queue 'Microsoft.Storage/storageAccounts/queueServices/queues@2024-01-01' = [for name in queues: {
  parent: queueService
  name: name
}]

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2024-01-01' = {
  parent: account
  name: 'default'
}

resource table 'Microsoft.Storage/storageAccounts/tableServices/tables@2024-01-01' = [for name in tables: {
  parent: tableService
  name: name
}]

@description('Name of the account.')
output name string = account.name

@description('Container of the package that runs.')
output deploymentContainer string = deploymentContainer.name

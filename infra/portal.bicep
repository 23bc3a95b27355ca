// The portal: static files, one place for all geographies. It holds nothing of a tenant; browsers go from it to stamps.

@description('Region of the portal.')
param location string

@description('Tags.')
param tags object

@description('Makes names unique.')
param token string

@description('What serves the files.')
@allowed([
  'staticWebApp'
  'storage'
])
param kind string

@description('Where the portal\'s scripts may connect: the stamps, and Entra, where people sign in.')
param originsToCall string[]

@description('Object id of who uploads the files, with storage; empty gives nobody the role.')
param uploaderId string = ''

// A Static Web App reads this file itself. Front Door is told the same headers from it.
var headers = loadJsonContent('../portal/admin/public/staticwebapp.config.json').globalHeaders
var connectTo = 'connect-src \'self\' ${join(originsToCall, ' ')}'
var sent = map(items(headers), one => { name: one.key, value: replace(one.value, 'connect-src \'self\'', connectTo) })
var inStorage = kind == 'storage'
var storageBlobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'

resource site 'Microsoft.Web/staticSites@2024-04-01' = if (!inStorage) {
  name: 'stapp-ehr-${token}'
  location: location
  tags: union(tags, { 'azd-service-name': 'portal' })
  sku: {
    name: 'Standard'
    tier: 'Standard'
  }
  properties: {
    allowConfigFileUpdates: true
    stagingEnvironmentPolicy: 'Disabled'
    publicNetworkAccess: 'Enabled'
  }
}

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = if (inStorage) {
  name: 'stportal${token}'
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: 'Standard_ZRS'
  }
  properties: {
    accessTier: 'Hot'
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    isLocalUserEnabled: false
    publicNetworkAccess: 'Enabled'
    networkAcls: {
      defaultAction: 'Allow'
      bypass: 'None'
    }
  }
}

resource website 'Microsoft.Storage/storageAccounts/blobServices@2025-08-01' = if (inStorage) {
  parent: account
  name: 'default'
  properties: {
    staticWebsite: {
      enabled: true
      indexDocument: 'index.html'
      errorDocument404Path: 'index.html'
    }
  }
}

resource uploader 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (inStorage && !empty(uploaderId)) {
  scope: account
  name: guid(account.id, uploaderId, storageBlobDataContributor)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataContributor)
    principalId: uploaderId
  }
}

// Storage sends no headers of ours; Front Door does.
resource profile 'Microsoft.Cdn/profiles@2024-09-01' = if (inStorage) {
  name: 'afd-ehr-${token}'
  location: 'global'
  tags: tags
  sku: {
    name: 'Standard_AzureFrontDoor'
  }
}

resource endpoint 'Microsoft.Cdn/profiles/afdEndpoints@2024-09-01' = if (inStorage) {
  parent: profile
  name: 'portal-${token}'
  location: 'global'
  tags: tags
  properties: {
    enabledState: 'Enabled'
  }
}

resource group 'Microsoft.Cdn/profiles/originGroups@2024-09-01' = if (inStorage) {
  parent: profile
  name: 'files'
  properties: {
    loadBalancingSettings: {
      sampleSize: 4
      successfulSamplesRequired: 3
      additionalLatencyInMilliseconds: 50
    }
  }
}

resource origin 'Microsoft.Cdn/profiles/originGroups/origins@2024-09-01' = if (inStorage) {
  parent: group
  name: 'storage'
  properties: {
    hostName: replace(replace(account!.properties.primaryEndpoints.web, 'https://', ''), '/', '')
    originHostHeader: replace(replace(account!.properties.primaryEndpoints.web, 'https://', ''), '/', '')
    httpsPort: 443
    enabledState: 'Enabled'
    enforceCertificateNameCheck: true
  }
}

resource rules 'Microsoft.Cdn/profiles/ruleSets@2024-09-01' = if (inStorage) {
  parent: profile
  name: 'headers'
}

@batchSize(1)
resource header 'Microsoft.Cdn/profiles/ruleSets/rules@2024-09-01' = [for (one, i) in (inStorage ? sent : []): {
  parent: rules
  name: replace(one.name, '-', '')
  properties: {
    order: i + 1
    matchProcessingBehavior: 'Continue'
    actions: [
      {
        name: 'ModifyResponseHeader'
        parameters: {
          typeName: 'DeliveryRuleHeaderActionParameters'
          headerAction: 'Overwrite'
          headerName: one.name
          value: one.value
        }
      }
    ]
  }
}]

resource route 'Microsoft.Cdn/profiles/afdEndpoints/routes@2024-09-01' = if (inStorage) {
  parent: endpoint
  name: 'files'
  properties: {
    originGroup: {
      id: group.id
    }
    ruleSets: [
      {
        id: rules.id
      }
    ]
    supportedProtocols: [
      'Http'
      'Https'
    ]
    patternsToMatch: [
      '/*'
    ]
    forwardingProtocol: 'HttpsOnly'
    httpsRedirect: 'Enabled'
    linkToDefaultDomain: 'Enabled'
    enabledState: 'Enabled'
  }
  dependsOn: [
    origin
    header
  ]
}

@description('Origin of the portal.')
output baseUrl string = inStorage ? 'https://${endpoint!.properties.hostName}' : 'https://${site!.properties.defaultHostname}'

@description('Name of what the files are put into.')
output name string = inStorage ? account.name : (site.name)

// The functions on Flex Consumption: the one public door of the stamp.

@description('Region of plan and app.')
param region string

@description('Tags.')
param tags object

@description('Makes names unique.')
param token string

@description('Name of the app.')
@maxLength(60)
param name string

@description('Geography of the stamp: every row that it writes begins with it.')
param geography string

@description('Origin at which EHRs, browsers and Graph reach the app.')
param publicBaseUrl string

@description('Origin of the portal: the only one whose scripts may call the API.')
param portalBaseUrl string

@description('Client id of the app registration of the API.')
param apiClientId string

@description('Client id that the EHR vendor issued for non-production.')
param ehrClientIdTest string

@description('Client id that the EHR vendor issued for production.')
param ehrClientIdProduction string

@description('Origins that may show the connector in a frame.')
param frameAncestors string

@description('Ids of tenants whose data are deleted, with spaces between.')
param departedTenants string

@description('Endpoints of the Microsoft cloud.')
param cloud object

@description('The plan is spread over zones.')
param zoneRedundant bool

@description('If not empty, only these addresses and those of Graph may come in.')
param allowedAddresses string[]

@description('Addresses of Microsoft Graph change notifications.')
param graphAddresses string[]

@description('Addresses that are turned away.')
param blockedAddresses string[]

@description('Id of the Front Door profile through which alone the app is reached.')
param frontDoorId string

@description('If not empty, only these addresses may deploy code.')
param deployerAddresses string[]

@description('How much runs, and how much of it at once.')
param capacity object

@description('Resource id of the managed identity.')
param identityId string

@description('Client id of the managed identity.')
param identityClientId string

@description('Name of the storage account.')
param storageAccountName string

@description('Container of the package that runs.')
param deploymentContainer string

@description('URL of the vault.')
param keyVaultUrl string

@description('Name of Application Insights.')
param insightsName string

@description('Subnet through which the app reaches storage, vault and EHRs; empty for none.')
param subnetId string

// Who may come in. Patients and clinicians come from anywhere, EHRs fetch our keys, and Graph posts its notifications;
// every door behind this one looks at tokens, states or client states. So the default lets everybody in.
var fromFrontDoor = !empty(frontDoorId)
var fromSome = !empty(allowedAddresses) && !fromFrontDoor
var graphLetIn = fromSome && empty(graphAddresses) ? fail('allowedAddresses without graphAddresses shuts Graph out') : graphAddresses
var blockRules = [for (address, i) in blockedAddresses: {
  name: 'blocked ${i}'
  priority: 100 + i
  action: 'Deny'
  ipAddress: address
}]
var allowRules = [for (address, i) in allowedAddresses: {
  name: 'allowed ${i}'
  priority: 1000 + i
  action: 'Allow'
  ipAddress: address
}]
var graphRules = [for (address, i) in graphLetIn: {
  name: 'graph ${i}'
  priority: 2000 + i
  action: 'Allow'
  ipAddress: address
}]
var probeRule = {
  name: 'availability test'
  priority: 3000
  action: 'Allow'
  tag: 'ServiceTag'
  ipAddress: 'ApplicationInsightsAvailability'
}
var frontDoorRule = {
  name: 'front door'
  priority: 3001
  action: 'Allow'
  tag: 'ServiceTag'
  ipAddress: 'AzureFrontDoor.Backend'
  headers: {
    'x-azure-fdid': [
      frontDoorId
    ]
  }
}
var deployRules = [for (address, i) in deployerAddresses: {
  name: 'deployer ${i}'
  priority: 100 + i
  action: 'Allow'
  ipAddress: address
}]
var someRules = concat(blockRules, allowRules, graphRules, [probeRule])
var doorRules = fromFrontDoor ? concat(blockRules, [frontDoorRule]) : fromSome ? someRules : blockRules

// What shared/settings.py reads, and below it what the host and its libraries read. Nothing here is a secret: an
// Application Insights connection string only names the component, which takes telemetry of known identities alone.
var appSettings = {
  GEOGRAPHY: geography
  PUBLIC_BASE_URL: publicBaseUrl
  PORTAL_BASE_URL: portalBaseUrl
  FRAME_ANCESTORS: frameAncestors
  STORAGE_CONNECTION__tableServiceUri: account.properties.primaryEndpoints.table
  STORAGE_CONNECTION__queueServiceUri: account.properties.primaryEndpoints.queue
  STORAGE_CONNECTION__blobServiceUri: account.properties.primaryEndpoints.blob
  ENTRA_AUTHORITY: cloud.entraAuthority
  GRAPH_BASE_URL: cloud.graphBaseUrl
  GRAPH_BETA_BASE_URL: cloud.graphBetaBaseUrl
  GRAPH_SCOPE: cloud.graphScope
  GRAPH_PUBLISHER_APP_ID: cloud.graphPublisherAppId
  API_CLIENT_ID: apiClientId
  MANAGED_IDENTITY_CLIENT_ID: identityClientId
  TOKEN_EXCHANGE_AUDIENCE: cloud.tokenExchangeAudience
  EHR_CLIENT_ID_TEST: ehrClientIdTest
  EHR_CLIENT_ID_PRODUCTION: ehrClientIdProduction
  KEY_VAULT_URL: keyVaultUrl
  REJOIN_DEBOUNCE_SECONDS: '20'
  VISIT_HOURS: '12'
  QUIET_MINUTES: '30'
  DEPARTED_TENANTS: departedTenants
  RECONCILE_AFTER_MINUTES: '10'
}
var hostSettings = {
  AzureWebJobsStorage__accountName: storageAccountName
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  STORAGE_CONNECTION__credential: 'managedidentity'
  STORAGE_CONNECTION__clientId: identityClientId
  PYTHON_THREADPOOL_THREAD_COUNT: '32'
  APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageAccountName
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan-${token}'
  location: region
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: region
  tags: union(tags, { 'azd-service-name': 'connector-${geography}' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    publicNetworkAccess: 'Enabled'
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${account.properties.primaryEndpoints.blob}${deploymentContainer}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: {
        name: 'python'
        version: '3.13'
      }
      scaleAndConcurrency: {
        // Graph waits three seconds for an answer, which a cold start may not leave.
        alwaysReady: [
          {
            name: 'http'
            instanceCount: capacity.alwaysReady
          }
        ]
        instanceMemoryMB: capacity.instanceMemoryMB
        maximumInstanceCount: capacity.maximumInstanceCount
        triggers: {
          http: {
            perInstanceConcurrency: capacity.perInstanceConcurrency
          }
        }
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
      cors: {
        allowedOrigins: [
          portalBaseUrl
        ]
        supportCredentials: true
      }
      ipSecurityRestrictions: doorRules
      ipSecurityRestrictionsDefaultAction: fromFrontDoor || fromSome ? 'Deny' : 'Allow'
      scmIpSecurityRestrictionsUseMain: false
      scmIpSecurityRestrictions: deployRules
      scmIpSecurityRestrictionsDefaultAction: empty(deployerAddresses) ? 'Allow' : 'Deny'
    }
  }

  resource settings 'config' = {
    name: 'appsettings'
    properties: union(appSettings, hostSettings)
  }

  // Deploying takes an Entra identity, not a password.
  resource ftpPassword 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: {
      allow: false
    }
  }

  resource scmPassword 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: {
      allow: false
    }
  }
}

@description('Name of the app.')
output name string = app.name

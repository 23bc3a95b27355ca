// One stamp: everything that one geography's tenants need, in one resource group. Nothing in it knows another stamp.

@description('Geography whose tenants this stamp serves.')
@allowed([
  'amer'
  'emea'
  'apac'
])
param geography string

@description('Region of everything in the stamp.')
param region string

@description('The pair that storage is copied to, by name; empty keeps data in the region.')
param storagePair string

@description('Tags of everything in the stamp.')
param tags object

@description('Makes names unique.')
param token string

@description('Name of the function app.')
param functionAppName string

@description('Origin at which EHRs, browsers and Graph reach the stamp.')
param publicBaseUrl string

@description('Origin of the portal.')
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

@description('Storage and vault are reached through private endpoints only.')
param privateNetwork bool

@description('The plan and its instances are spread over zones. The NAT gateway of a private network stands in one.')
param zoneRedundant bool

@description('Storage and vault cannot be deleted by mistake.')
param locked bool

@description('If not empty, only these addresses and those of Graph may come in.')
param allowedAddresses string[]

@description('Addresses of Microsoft Graph change notifications.')
param graphAddresses string[]

@description('Addresses that are turned away.')
param blockedAddresses string[]

@description('Id of the Front Door profile through which alone the stamp is reached.')
param frontDoorId string

@description('If not empty, only these addresses may deploy code.')
param deployerAddresses string[]

@description('How much runs, and how much of it at once.')
param capacity object

@description('Who is told when something needs a person.')
param alertEmails string[]

@description('What a month may cost before somebody is told.')
param monthlyBudget int

@description('First day of the month of the first deployment.')
param budgetStart string

@description('Telemetry of one day at most, in GB.')
param dailyCapGb int

@description('Days for which logs are kept.')
param logDays int

module monitoring 'monitoring.bicep' = {
  name: 'monitoring'
  params: {
    region: region
    tags: tags
    token: token
    dailyCapGb: dailyCapGb
    logDays: logDays
  }
}

module identity 'identity.bicep' = {
  name: 'identity'
  params: {
    region: region
    tags: tags
    token: token
  }
}

module storage 'storage.bicep' = {
  name: 'storage'
  params: {
    region: region
    tags: tags
    token: token
    privateNetwork: privateNetwork
    pair: storagePair
  }
}

module vault 'vault.bicep' = {
  name: 'vault'
  params: {
    region: region
    tags: tags
    token: token
    privateNetwork: privateNetwork
  }
}

module roles 'roles.bicep' = {
  name: 'roles'
  params: {
    principalId: identity.outputs.principalId
    storageAccountName: storage.outputs.name
    vaultName: vault.outputs.name
    insightsName: monitoring.outputs.insightsName
    token: token
  }
}

module network 'network.bicep' = if (privateNetwork) {
  name: 'network'
  params: {
    region: region
    tags: tags
    token: token
    storageAccountName: storage.outputs.name
    vaultName: vault.outputs.name
  }
}

module functions 'functions.bicep' = {
  name: 'functions'
  params: {
    region: region
    tags: tags
    token: token
    name: functionAppName
    geography: geography
    publicBaseUrl: publicBaseUrl
    portalBaseUrl: portalBaseUrl
    apiClientId: apiClientId
    ehrClientIdTest: ehrClientIdTest
    ehrClientIdProduction: ehrClientIdProduction
    frameAncestors: frameAncestors
    departedTenants: departedTenants
    cloud: cloud
    zoneRedundant: zoneRedundant
    allowedAddresses: allowedAddresses
    graphAddresses: graphAddresses
    blockedAddresses: blockedAddresses
    frontDoorId: frontDoorId
    deployerAddresses: deployerAddresses
    capacity: capacity
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    storageAccountName: storage.outputs.name
    deploymentContainer: storage.outputs.deploymentContainer
    keyVaultUrl: vault.outputs.url
    insightsName: monitoring.outputs.insightsName
    subnetId: privateNetwork ? network!.outputs.functionsSubnetId : ''
  }
  dependsOn: [
    roles
  ]
}

module diagnostics 'diagnostics.bicep' = {
  name: 'diagnostics'
  params: {
    storageAccountName: storage.outputs.name
    vaultName: vault.outputs.name
    functionAppName: functions.outputs.name
    workspaceId: monitoring.outputs.workspaceId
  }
}

module alerts 'alerts.bicep' = {
  name: 'alerts'
  params: {
    geography: geography
    region: region
    tags: tags
    token: token
    publicBaseUrl: publicBaseUrl
    workspaceId: monitoring.outputs.workspaceId
    insightsId: monitoring.outputs.insightsId
    emails: alertEmails
  }
}

module budget 'budget.bicep' = {
  name: 'budget'
  params: {
    token: token
    amount: monthlyBudget
    start: budgetStart
    emails: alertEmails
  }
}

module locks 'locks.bicep' = if (locked) {
  name: 'locks'
  params: {
    storageAccountName: storage.outputs.name
    vaultName: vault.outputs.name
  }
}

@description('URL of the vault.')
output keyVaultUrl string = vault.outputs.url

@description('Name of the storage account.')
output storageAccount string = storage.outputs.name

@description('Client id of the managed identity.')
output identityClientId string = identity.outputs.clientId

@description('Object id of the managed identity: the subject of its federated credential.')
output identityPrincipalId string = identity.outputs.principalId

@description('The address from which the stamp calls EHRs; empty without a private network.')
output outboundAddress string = privateNetwork ? network!.outputs.outboundAddress : ''

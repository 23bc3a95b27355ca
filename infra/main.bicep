// One self-contained stamp for each geography that is wanted, and one portal for all of them.
// Written in the part of Bicep that open parsers read, see docs/decisions/0030.
targetScope = 'subscription'

@description('Short name of this environment; part of every name that is made.')
@minLength(1)
@maxLength(24)
param environmentName string

@description('Region of the portal and of the record of this deployment. The stamps have their own, see regions.')
@metadata({ azd: { type: 'location' } })
param location string

@description('Real patients: private network, zones, locks. Off makes a cheap stamp for trying things out.')
param production bool = true

@description('A region for each geography, as in regions.json; a geography with an empty region gets no stamp.')
param regions regionOfGeography

@description('Only to copy storage to a second region: the pair of the region, by name. Empty keeps data in the region.')
param storagePairs regionOfGeography = {
  amer: ''
  emea: ''
  apac: ''
}

@description('The one geography that is laid now, with the portal for all of them. Empty lays each that has a region.')
@allowed([
  ''
  'amer'
  'emea'
  'apac'
])
param onlyGeography string = ''

@description('Origin of each stamp as EHRs, browsers and Graph reach it; empty means the name that Azure gives.')
param publicBaseUrls originOfGeography = {
  amer: ''
  emea: ''
  apac: ''
}

@description('Origin of the portal; empty means the name that Azure gives.')
param portalBaseUrl string = ''

@description('What serves the portal: a Static Web App, or a storage account behind Front Door.')
@allowed([
  'staticWebApp'
  'storage'
])
param portalKind string = 'staticWebApp'

@description('Object id of who uploads the portal, if a storage account serves it.')
param principalId string = ''

@description('Client id of the multi-tenant app registration of the API.')
@minLength(36)
@maxLength(36)
param apiClientId string

@description('Client id of the app registration of the portal.')
@minLength(36)
@maxLength(36)
param portalClientId string

@description('Client id that the EHR vendor issued for non-production.')
@minLength(1)
param ehrClientIdTest string

@description('Client id that the EHR vendor issued for production.')
@minLength(1)
param ehrClientIdProduction string

@description('Client id for non-production of one geography, where the vendor issued one for each. Empty: the one above.')
param ehrClientIdsTest clientOfGeography = {
  amer: ''
  emea: ''
  apac: ''
}

@description('Client id for production of one geography, where the vendor issued one for each. Empty: the one above.')
param ehrClientIdsProduction clientOfGeography = {
  amer: ''
  emea: ''
  apac: ''
}

@description('Origins, with spaces between, that may show the connector in a frame.')
param frameAncestors string = ''

@description('Ids of tenants that have left and cannot sign in any more, with spaces between: their data are deleted.')
param departedTenants string = ''

@description('Endpoints of the Microsoft cloud. The default is the global one.')
param cloud microsoftCloud = {
  entraAuthority: 'https://login.microsoftonline.com'
  graphBaseUrl: 'https://graph.microsoft.com/v1.0'
  graphBetaBaseUrl: 'https://graph.microsoft.com/beta'
  graphScope: 'https://graph.microsoft.com/.default'
  graphPublisherAppId: '0bf30f3b-4a52-48df-9a82-234910c4a086'
  tokenExchangeAudience: 'api://AzureADTokenExchange'
}

@description('Storage and vault are reached through private endpoints only.')
param privateNetwork bool = production

@description('The plan and its instances are spread over zones. The NAT gateway of a private network stands in one.')
param zoneRedundant bool = production

@description('Storage and vault cannot be deleted by mistake.')
param locked bool = production

@description('If not empty, only these addresses (CIDR) and those of Graph may come in: for a pilot inside a hospital.')
param allowedAddresses string[] = []

@description('Addresses (CIDR) of Microsoft Graph change notifications. Needed with allowedAddresses.')
param graphAddresses string[] = []

@description('Addresses (CIDR) that are turned away.')
param blockedAddresses string[] = []

@description('Id of the Front Door profile through which alone the stamps are reached; empty if there is none.')
param frontDoorId string = ''

@description('If not empty, only these addresses (CIDR) may deploy code.')
param deployerAddresses string[] = []

@description('How much runs, and how much of it at once.')
param capacity capacityOfStamp = {
  alwaysReady: production ? 2 : 1
  perInstanceConcurrency: 16
  maximumInstanceCount: 100
  instanceMemoryMB: 2048
}

@description('Who is told by e-mail when something needs a person.')
@minLength(1)
param alertEmails string[]

@description('What a month of one stamp may cost, in the currency of the subscription, before somebody is told.')
@minValue(1)
param monthlyBudget int = 500

@description('First day of the month of the first deployment, as 2026-12-01. Azure refuses to change it later.')
@minLength(10)
@maxLength(10)
param budgetStart string

@description('Telemetry of one stamp and day at most, in GB. What comes after that is dropped until the next day.')
@minValue(1)
param dailyCapGb int = 2

@description('Days for which logs are kept.')
@minValue(30)
@maxValue(730)
param logDays int = 90

@description('Tags of everything that is made.')
param tags object = {}

type regionOfGeography = {
  amer: string
  emea: string
  apac: string
}

type originOfGeography = {
  amer: string
  emea: string
  apac: string
}

type clientOfGeography = {
  amer: string
  emea: string
  apac: string
}

type microsoftCloud = {
  entraAuthority: string
  graphBaseUrl: string
  graphBetaBaseUrl: string
  graphScope: string
  graphPublisherAppId: string
  tokenExchangeAudience: string
}

type capacityOfStamp = {
  alwaysReady: int
  perInstanceConcurrency: int
  maximumInstanceCount: int
  instanceMemoryMB: int
}

// The guard. A region passes only through this list, and every resource group takes its place from it, so that nothing
// of a stamp is made if one region is outside its geography: the expression fails before the first of them. A copy in a
// second region must name the pair, since it would otherwise lie where nobody expects it.
var regionsOf = loadJsonContent('regions.json')
var wanted = filter(items(regions), one => !empty(one.value))
var stamps = map(wanted, one => {
  geography: one.key
  region: contains(regionsOf[one.key], one.value) ? one.value : fail('${one.value} is not a region of ${one.key}')
  pair: storagePairs[one.key]
  name: 'func-ehr-${one.key}-${uniqueString(subscription().id, environmentName, one.key)}'
})
var laid = filter(stamps, one => (empty(onlyGeography) || (one.geography == onlyGeography)))
var pairs = [for one in laid: empty(one.pair) ? '' : ((regionsOf[one.geography][one.region]) == (one.pair) ? one.pair : fail('${one.pair} is not the pair of ${one.region}'))]

var allTags = union(tags, { 'azd-env-name': environmentName })
var portalToken = uniqueString(subscription().id, environmentName)
var origins = [for one in stamps: empty(publicBaseUrls[one.geography]) ? 'https://${one.name}.azurewebsites.net' : (publicBaseUrls[one.geography])]
var laidOrigins = [for one in laid: empty(publicBaseUrls[one.geography]) ? 'https://${one.name}.azurewebsites.net' : (publicBaseUrls[one.geography])]
var portalRegions = [for (one, i) in stamps: { geography: one.geography, apiBaseUrl: origins[i] }]

resource portalGroup 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: 'rg-${environmentName}-portal'
  location: location
  tags: allTags
}

module portal 'portal.bicep' = {
  name: 'portal'
  scope: portalGroup
  params: {
    location: location
    tags: allTags
    token: portalToken
    kind: portalKind
    originsToCall: concat([cloud.entraAuthority], origins)
    uploaderId: principalId
  }
}

resource groups 'Microsoft.Resources/resourceGroups@2024-11-01' = [for one in laid: {
  name: 'rg-${environmentName}-${one.geography}'
  location: one.region
  tags: union(allTags, { geography: one.geography })
}]

module stamp 'stamp/main.bicep' = [for (one, i) in laid: {
  name: 'stamp-${one.geography}'
  scope: groups[i]
  params: {
    geography: one.geography
    region: one.region
    storagePair: pairs[i]
    tags: union(allTags, { geography: one.geography })
    token: uniqueString(subscription().id, environmentName, one.geography)
    functionAppName: one.name
    publicBaseUrl: laidOrigins[i]
    portalBaseUrl: empty(portalBaseUrl) ? portal.outputs.baseUrl : portalBaseUrl
    apiClientId: apiClientId
    ehrClientIdTest: empty(ehrClientIdsTest[one.geography]) ? ehrClientIdTest : (ehrClientIdsTest[one.geography])
    ehrClientIdProduction: empty(ehrClientIdsProduction[one.geography]) ? ehrClientIdProduction : (ehrClientIdsProduction[one.geography])
    frameAncestors: frameAncestors
    departedTenants: departedTenants
    cloud: cloud
    privateNetwork: privateNetwork
    zoneRedundant: zoneRedundant
    locked: locked
    allowedAddresses: allowedAddresses
    graphAddresses: graphAddresses
    blockedAddresses: blockedAddresses
    frontDoorId: frontDoorId
    deployerAddresses: deployerAddresses
    capacity: capacity
    alertEmails: alertEmails
    monthlyBudget: monthlyBudget
    budgetStart: budgetStart
    dailyCapGb: dailyCapGb
    logDays: logDays
  }
}]

@description('One entry for each stamp: what the pipeline, the app registration and the hospital need to know.')
output STAMPS array = [for (one, i) in laid: {
  geography: one.geography
  region: one.region
  resourceGroup: groups[i].name
  functionApp: one.name
  publicBaseUrl: laidOrigins[i]
  keyVaultUrl: stamp[i].outputs.keyVaultUrl
  storageAccount: stamp[i].outputs.storageAccount
  identityClientId: stamp[i].outputs.identityClientId
  identityPrincipalId: stamp[i].outputs.identityPrincipalId
  outboundAddress: stamp[i].outputs.outboundAddress
}]

@description('Origin of the portal.')
output PORTAL_BASE_URL string = empty(portalBaseUrl) ? portal.outputs.baseUrl : portalBaseUrl

@description('Name of what serves the portal: the Static Web App, or the storage account.')
output PORTAL_NAME string = portal.outputs.name

@description('Resource group of the portal.')
output PORTAL_RESOURCE_GROUP string = portalGroup.name

@description('What the portal reads from config.json.')
output PORTAL_CONFIG object = {
  regions: portalRegions
  authority: '${cloud.entraAuthority}/organizations/v2.0'
  clientId: portalClientId
  scope: 'api://${apiClientId}/access_as_user'
}

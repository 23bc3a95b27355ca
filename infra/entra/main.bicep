// The connector's two app registrations, without any secret. Made once for all geographies, by who may register
// applications; kept apart from the stamps, whose pipeline needs no right in Entra.
//
//   az deployment sub create --location <region> --template-file infra/entra/main.bicep --parameters …
//
// Bicep's Microsoft Graph extension knows an application by its unique name and changes what it finds. The two
// registrations name each other, so each is written twice: first to have an id, then whole.
targetScope = 'subscription'

@description('Part of the unique names; another one makes other registrations.')
@minLength(1)
@maxLength(40)
param environmentName string

@description('Origin of each stamp, without a slash at the end.')
@minLength(1)
param publicBaseUrls string[]

@description('Origin of the portal, without a slash at the end.')
param portalBaseUrl string

@description('Managed identity of each stamp: a name for the credential, and the object id of its service principal.')
@maxLength(20)
param identities identity[]

@description('Ask for call records as well: the connector then adds from them what was not heard, where a hospital wants it.')
param withCallRecords bool = false

@description('Audience of the federated credentials; another one in each Microsoft cloud.')
param tokenExchangeAudience string = 'api://AzureADTokenExchange'

type identity = {
  name: string
  principalId: string
}

var apiName = 'ehr-connector-api-${environmentName}'
var apiDisplayName = 'EHR connector for Teams'
var portalName = 'ehr-connector-portal-${environmentName}'
var portalDisplayName = '${apiDisplayName}, portal'

module portalId 'registration.bicep' = {
  name: 'entra-portal-id'
  params: {
    name: portalName
    displayName: portalDisplayName
  }
}

module apiId 'registration.bicep' = {
  name: 'entra-api-id'
  params: {
    name: apiName
    displayName: apiDisplayName
  }
}

module api 'api.bicep' = {
  name: 'entra-api'
  params: {
    name: apiName
    displayName: apiDisplayName
    ownClientId: apiId.outputs.clientId
    portalClientId: portalId.outputs.clientId
    publicBaseUrls: publicBaseUrls
    identities: identities
    withCallRecords: withCallRecords
    tokenExchangeAudience: tokenExchangeAudience
  }
}

module portal 'portal.bicep' = {
  name: 'entra-portal'
  params: {
    name: portalName
    displayName: portalDisplayName
    baseUrl: portalBaseUrl
    apiClientId: api.outputs.clientId
    apiScopeId: api.outputs.scopeId
  }
}

@description('Setting API_CLIENT_ID of every stamp, and part of the scope in the portal\'s config.json.')
output apiClientId string = api.outputs.clientId

@description('clientId in the portal\'s config.json.')
output portalClientId string = portal.outputs.clientId

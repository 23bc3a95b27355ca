// The portal's registration: a public client in the browser, which may ask for nothing but the connector's own API.
extension microsoftGraphV1
targetScope = 'subscription'

@description('Unique name of the registration.')
param name string

@description('Origin of the portal.')
param baseUrl string

@description('Client id of the API; empty while it has none.')
param apiClientId string = ''

@description('Id of the API\'s scope.')
param apiScopeId string = ''

resource portal 'Microsoft.Graph/applications@v1.0' = {
  uniqueName: name
  displayName: 'EHR connector for Teams, portal'
  signInAudience: 'AzureADMultipleOrgs'
  api: {
    requestedAccessTokenVersion: 2
  }
  spa: {
    redirectUris: ['${baseUrl}/']
  }
  // Left as it is while the API has no id.
  ...(empty(apiClientId)
    ? {}
    : {
        requiredResourceAccess: [
          {
            resourceAppId: apiClientId
            resourceAccess: [
              {
                id: apiScopeId
                type: 'Scope'
              }
            ]
          }
        ]
      })
}

resource principal 'Microsoft.Graph/servicePrincipals@v1.0' = {
  appId: portal.appId
}

output clientId string = portal.appId

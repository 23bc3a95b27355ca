// The portal's registration: a public client in the browser, which may ask for nothing but the connector's own API.
extension microsoftGraphV1
targetScope = 'subscription'

@description('Unique name of the registration.')
param name string

@description('What people read.')
param displayName string

@description('Origin of the portal.')
param baseUrl string

@description('Client id of the API.')
param apiClientId string

@description('Id of the API\'s scope.')
param apiScopeId string

resource portal 'Microsoft.Graph/applications@v1.0' = {
  uniqueName: name
  displayName: displayName
  signInAudience: 'AzureADMultipleOrgs'
  api: {
    requestedAccessTokenVersion: 2
  }
  spa: {
    redirectUris: ['${baseUrl}/']
  }
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
}

@description('Client id.')
output clientId string = portal.appId

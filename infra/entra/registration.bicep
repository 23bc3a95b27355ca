// The first writing of a registration: it makes an id where there is none, and changes nothing else.
extension microsoftGraphV1
targetScope = 'subscription'

@description('Unique name of the registration.')
param name string

@description('What people read.')
param displayName string

resource registration 'Microsoft.Graph/applications@v1.0' = {
  uniqueName: name
  displayName: displayName
  signInAudience: 'AzureADMultipleOrgs'
}

resource principal 'Microsoft.Graph/servicePrincipals@v1.0' = {
  appId: registration.appId
}

@description('Client id.')
output clientId string = registration.appId

// Who the functions are: at storage, at the vault, and by federation at the app registration. It has no secret.

@description('Region of the identity.')
param region string

@description('Tags.')
param tags object

@description('Makes names unique.')
param token string

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-${token}'
  location: region
  tags: tags
}

@description('Resource id of the identity.')
output id string = identity.id

@description('Client id, which names the identity where a token is asked for.')
output clientId string = identity.properties.clientId

@description('Object id, which is given roles.')
output principalId string = identity.properties.principalId

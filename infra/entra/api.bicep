// The connector's own registration: multi-tenant, tokens of version 2, application permissions of Graph, app roles
// for people, and the managed identities of the stamps in place of a secret.
extension microsoftGraphV1
targetScope = 'subscription'

@description('Unique name of the registration.')
param name string

@description('What people read.')
param displayName string

@description('Client id of this registration.')
param ownClientId string

@description('Client id of the portal, which asks for tokens for this API.')
param portalClientId string

@description('Origin of each stamp.')
param publicBaseUrls string[]

@description('Managed identity of each stamp.')
param identities identity[]

@description('Ask for call records as well.')
param withCallRecords bool

@description('Audience of the federated credentials.')
param tokenExchangeAudience string

type identity = {
  name: string
  principalId: string
}

// The same as PERMISSIONS in shared/microsoft/consent.py.
var permissions = concat(
  [
    'OnlineMeetings.ReadWrite.All'
    'OnlineMeetingArtifact.Read.All'
    'User.ReadBasic.All'
  ],
  withCallRecords ? ['CallRecords.Read.All'] : []
)
// Ids within the registration; any GUID will do as long as it stays the same.
var scopeId = guid(name, 'access_as_user')

resource graph 'Microsoft.Graph/servicePrincipals@v1.0' existing = {
  appId: '00000003-0000-0000-c000-000000000000'
}

resource api 'Microsoft.Graph/applications@v1.0' = {
  uniqueName: name
  displayName: displayName
  signInAudience: 'AzureADMultipleOrgs'
  identifierUris: ['api://${ownClientId}']
  api: {
    requestedAccessTokenVersion: 2
    oauth2PermissionScopes: [
      {
        id: scopeId
        value: 'access_as_user'
        type: 'User'
        isEnabled: true
        adminConsentDisplayName: 'Use the EHR connector'
        adminConsentDescription: 'Lets the portal call the EHR connector as the person who is signed in.'
        userConsentDisplayName: 'Use the EHR connector'
        userConsentDescription: 'Lets the portal call the EHR connector as you.'
      }
    ]
    preAuthorizedApplications: [
      {
        appId: portalClientId
        delegatedPermissionIds: [scopeId]
      }
    ]
    knownClientApplications: [portalClientId]
  }
  // An approver needs no role: each connection names its own by object id.
  appRoles: [
    {
      id: guid(name, 'Connector.Admin')
      value: 'Connector.Admin'
      displayName: 'Connector administrator'
      description: 'Sets up connections, sends writebacks again, grants permissions, takes data along, leaves.'
      allowedMemberTypes: ['User']
      isEnabled: true
    }
    {
      id: guid(name, 'Connector.Auditor')
      value: 'Connector.Auditor'
      displayName: 'Connector auditor'
      description: 'Reads connections, history, outbox and visits; changes nothing.'
      allowedMemberTypes: ['User']
      isEnabled: true
    }
  ]
  requiredResourceAccess: [
    {
      resourceAppId: graph.appId
      resourceAccess: [
        for permission in permissions: {
          id: filter(graph.appRoles, role => role.value == permission)[0].id
          type: 'Role'
        }
      ]
    }
  ]
  web: {
    redirectUris: concat(
      map(publicBaseUrls, origin => '${origin}/api/sign-in/callback'),
      map(publicBaseUrls, origin => '${origin}/api/consent/callback')
    )
    implicitGrantSettings: {
      enableAccessTokenIssuance: false
      enableIdTokenIssuance: false
    }
  }
}

// One after another: changes of one registration at the same time get in each other's way.
@batchSize(1)
resource credential 'Microsoft.Graph/applications/federatedIdentityCredentials@v1.0' = [
  for one in identities: {
    name: '${api.uniqueName}/${one.name}'
    description: 'The managed identity of the stamp ${one.name}.'
    issuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
    subject: one.principalId
    audiences: [tokenExchangeAudience]
  }
]

// Without assignment: Graph sends no validation tokens to an application that demands one.
resource principal 'Microsoft.Graph/servicePrincipals@v1.0' = {
  appId: api.appId
  appRoleAssignmentRequired: false
}

@description('Client id.')
output clientId string = api.appId

@description('Id of the scope that the portal asks for.')
output scopeId string = scopeId

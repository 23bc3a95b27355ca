// What a hospital in production gets, in all three geographies: for static analysis and the checks in tests/unit/infra.
// It is never deployed; every name in it is made up.
targetScope = 'subscription'

module secure 'main.bicep' = {
  name: 'secure'
  params: {
    environmentName: 'sample'
    location: 'westeurope'
    regions: {
      amer: 'eastus2'
      emea: 'swedencentral'
      apac: 'australiaeast'
    }
    publicBaseUrls: {
      amer: 'https://visits.amer.sample-hospital.example'
      emea: 'https://visits.emea.sample-hospital.example'
      apac: 'https://visits.apac.sample-hospital.example'
    }
    portalBaseUrl: 'https://portal.sample-hospital.example'
    portalKind: 'storage'
    principalId: 'dddddddd-0000-4000-8000-00000000c0de'
    apiClientId: 'cccccccc-0000-4000-8000-00000000a911'
    portalClientId: 'cccccccc-0000-4000-8000-00000000b0a1'
    ehrClientIdTest: 'eeeeeeee-0000-4000-8000-00000000e0e5'
    ehrClientIdProduction: 'eeeeeeee-0000-4000-8000-00000000e0e6'
    alertEmails: [
      'on-call@sample-hospital.example'
    ]
    budgetStart: '2026-12-01'
  }
}

// The other way to serve the portal.
module portal 'portal.bicep' = {
  name: 'portal'
  scope: resourceGroup('rg-sample-portal')
  params: {
    location: 'westeurope'
    tags: { 'azd-env-name': 'sample' }
    token: 'otherportal'
    kind: 'staticWebApp'
    originsToCall: [
      'https://login.microsoftonline.com'
      'https://visits.emea.sample-hospital.example'
    ]
  }
}

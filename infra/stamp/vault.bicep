// The stamp's keys. They are made here and never leave the vault. Certificates cannot be made by a template: the app
// makes the one for notifications at its first use. Secrets (a Basic password of an EHR) are put in by hand.

@description('Region of the vault.')
param region string

@description('Tags.')
param tags object

@description('Makes names unique.')
param token string

@description('Only a private endpoint leads to the vault.')
param privateNetwork bool

// Azure leaves a key alone that is there already. Tags of the data key are the app's: it remembers there what it wrapped.
// The names in shared/keys.py: a signing key for each environment and algorithm, and the key that wraps the data key.
// Signing keys have no end here, since a template knows no date that stays: rotate_keys gives them one.
var signing = [
  {
    name: 'signing-test-es384'
    curve: 'P-384'
  }
  {
    name: 'signing-test-rs384'
    curve: ''
  }
  {
    name: 'signing-production-es384'
    curve: 'P-384'
  }
  {
    name: 'signing-production-rs384'
    curve: ''
  }
]
var rsaBits = 3072

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  name: 'kv-${token}'
  location: region
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enablePurgeProtection: true
    enabledForDeployment: false
    enabledForDiskEncryption: false
    enabledForTemplateDeployment: false
    publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'
    networkAcls: {
      defaultAction: privateNetwork ? 'Deny' : 'Allow'
      bypass: 'AzureServices'
    }
  }
}

resource signingKey 'Microsoft.KeyVault/vaults/keys@2023-07-01' = [for one in signing: {
  parent: vault
  name: one.name
  properties: union(empty(one.curve) ? { kty: 'RSA', keySize: rsaBits } : { kty: 'EC', curveName: one.curve }, {
    keyOps: [
      'sign'
      'verify'
    ]
  })
}]

resource dataKey 'Microsoft.KeyVault/vaults/keys@2023-07-01' = {
  parent: vault
  name: 'data'
  properties: {
    kty: 'RSA'
    keySize: rsaBits
    keyOps: [
      'wrapKey'
      'unwrapKey'
    ]
  }
}

@description('Name of the vault.')
output name string = vault.name

@description('URL of the vault.')
output url string = vault.properties.vaultUri

"""Ways to spoil the templates, each with the rule that must notice. `old` stands exactly once in the file."""

from typing import NamedTuple


class Spoiling(NamedTuple):
    """One change for the worse."""

    rule: str
    file: str
    old: str
    new: str


STORAGE, VAULT, ROLES = "stamp/storage.bicep", "stamp/vault.bicep", "stamp/roles.bicep"
FUNCTIONS, NETWORK, ALERTS = "stamp/functions.bicep", "stamp/network.bicep", "stamp/alerts.bicep"
MONITORING, DIAGNOSTICS, STAMP = "stamp/monitoring.bicep", "stamp/diagnostics.bicep", "stamp/main.bicep"
BUDGET = "stamp/budget.bicep"

SPOILINGS = (
    # State and keys
    Spoiling("no_shared_keys", STORAGE, "allowSharedKeyAccess: false", "allowSharedKeyAccess: true"),
    Spoiling("no_shared_keys", STORAGE, "    allowSharedKeyAccess: false\n", ""),
    Spoiling("no_shared_keys", "portal.bicep", "isLocalUserEnabled: false", "isLocalUserEnabled: true"),
    Spoiling("no_public_blobs", STORAGE, "allowBlobPublicAccess: false", "allowBlobPublicAccess: true"),
    Spoiling(
        "no_public_blobs",
        STORAGE,
        "name: deploymentContainerName\n  properties: {\n    publicAccess: 'None'",
        "name: deploymentContainerName\n  properties: {\n    publicAccess: 'Blob'",
    ),
    Spoiling("new_tls", STORAGE, "minimumTlsVersion: 'TLS1_2'", "minimumTlsVersion: 'TLS1_0'"),
    Spoiling("new_tls", FUNCTIONS, "scmMinTlsVersion: '1.2'", "scmMinTlsVersion: '1.1'"),
    Spoiling("new_tls", FUNCTIONS, "httpsOnly: true", "httpsOnly: false"),
    Spoiling("new_tls", FUNCTIONS, "ftpsState: 'Disabled'", "ftpsState: 'AllAllowed'"),
    Spoiling(
        "closed_to_the_internet",
        STORAGE,
        "publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'",
        "publicNetworkAccess: 'Enabled'",
    ),
    Spoiling(
        "closed_to_the_internet",
        VAULT,
        "defaultAction: privateNetwork ? 'Deny' : 'Allow'",
        "defaultAction: 'Allow'",
    ),
    Spoiling(
        "closed_to_the_internet",
        NETWORK,
        "  {\n    group: 'queue'\n    target: account.id\n"
        "    zone: 'privatelink.queue.${environment().suffixes.storage}'\n  }\n",
        "",
    ),
    Spoiling(
        "closed_to_the_internet",
        "main.bicep",
        "param privateNetwork bool = production",
        "param privateNetwork bool = false",
    ),
    Spoiling("closed_to_the_internet", NETWORK, "privatelink.blob.", "privatelink.file."),
    Spoiling("closed_to_the_internet", NETWORK, "'.vault.', '.vaultcore.'", "'.vault.', '.vault.'"),
    Spoiling(
        "closed_to_the_internet",
        NETWORK,
        "virtualNetwork: {\n      id: network.id",
        "virtualNetwork: {\n      id: gateway.id",
    ),
    Spoiling("closed_to_the_internet", NETWORK, "privateDnsZoneId: zone[i].id", "privateDnsZoneId: zone[0].id"),
    Spoiling("closed_to_the_internet", NETWORK, "  parent: zone[i]\n", "  parent: zone[0]\n"),
    Spoiling(
        "encrypted_twice",
        STORAGE,
        "requireInfrastructureEncryption: true",
        "requireInfrastructureEncryption: false",
    ),
    Spoiling(
        "encrypted_twice",
        STORAGE,
        "        table: {\n          enabled: true",
        "        table: {\n          enabled: false",
    ),
    Spoiling("vault_is_kept", VAULT, "    enablePurgeProtection: true\n", ""),
    Spoiling("vault_is_kept", VAULT, "softDeleteRetentionInDays: 90", "softDeleteRetentionInDays: 7"),
    Spoiling("vault_is_kept", VAULT, "enableRbacAuthorization: true", "enableRbacAuthorization: false"),
    Spoiling("keys_as_the_code_wants", VAULT, "var rsaBits = 3072", "var rsaBits = 2048"),
    Spoiling("keys_as_the_code_wants", VAULT, "name: 'data'", "name: 'data-key'"),
    Spoiling(
        "keys_as_the_code_wants",
        VAULT,
        "name: 'signing-production-es384'\n    curve: 'P-384'",
        "name: 'signing-production-es384'\n    curve: 'P-256'",
    ),
    Spoiling("keys_as_the_code_wants", VAULT, "      'sign'\n", "      'sign'\n      'decrypt'\n"),
    Spoiling(
        "no_secret_in_settings",
        FUNCTIONS,
        "  VISIT_HOURS: '12'\n",
        "  VISIT_HOURS: '12'\n  CLIENT_SECRET: 'not so secret'\n",
    ),
    Spoiling(
        "no_secret_in_settings",
        FUNCTIONS,
        "AzureWebJobsStorage__accountName: storageAccountName",
        "AzureWebJobsStorage: 'AccountName=${storageAccountName};AccountKey=none'",
    ),
    Spoiling(
        "no_secret_in_settings",
        FUNCTIONS,
        "  STORAGE_CONNECTION__credential: 'managedidentity'\n",
        "",
    ),
    Spoiling("can_be_restored", STORAGE, "isVersioningEnabled: true", "isVersioningEnabled: false"),
    Spoiling("can_be_restored", STORAGE, "var daysToRestore = 14", "var daysToRestore = 1"),
    Spoiling(
        "stays_in_the_region",
        STORAGE,
        "empty(pair) ? 'Standard_ZRS' : 'Standard_GZRS'",
        "'Standard_GRS'",
    ),
    Spoiling("locked", "stamp/locks.bicep", "  scope: vault\n", "  scope: account\n"),
    Spoiling("locked", "main.bicep", "param locked bool = production", "param locked bool = false"),
    # Who may do what
    Spoiling(
        "narrow_roles",
        ROLES,
        "'0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'",
        "'b24988ac-6180-42a0-ab88-20f7382dd24c'",
    ),
    Spoiling(
        "narrow_roles",
        ROLES,
        "'Microsoft.KeyVault/vaults/keys/update/action'",
        "'Microsoft.KeyVault/vaults/keys/*'",
    ),
    Spoiling(
        "narrow_roles",
        ROLES,
        "'Microsoft.KeyVault/vaults/certificates/update/action'",
        "'Microsoft.KeyVault/vaults/certificates/delete'",
    ),
    Spoiling("narrow_roles", ROLES, "  scope: vault\n  name: guid(vault.id", "  name: guid(vault.id"),
    Spoiling(
        "narrow_roles",
        ROLES,
        "    permissions: [\n      {\n",
        "    permissions: [\n      {\n        actions: [\n          'Microsoft.KeyVault/vaults/*'\n        ]\n",
    ),
    Spoiling("on_flex", FUNCTIONS, "version: '3.13'", "version: '3.11'"),
    Spoiling("on_flex", FUNCTIONS, "name: 'FC1'\n    tier: 'FlexConsumption'", "name: 'Y1'\n    tier: 'Dynamic'"),
    Spoiling("on_flex", "main.bicep", "alwaysReady: production ? 2 : 1", "alwaysReady: 0"),
    Spoiling("on_flex", "main.bicep", "perInstanceConcurrency: 16", "perInstanceConcurrency: 1"),
    Spoiling(
        "on_flex",
        FUNCTIONS,
        "PYTHON_THREADPOOL_THREAD_COUNT: '32'",
        "FUNCTIONS_WORKER_RUNTIME: 'python'",
    ),
    Spoiling("on_flex", "main.bicep", "maximumInstanceCount: 100", "maximumInstanceCount: 10"),
    Spoiling("on_flex", "main.bicep", "maximumInstanceCount: 100", "maximumInstanceCount: 1001"),
    Spoiling("on_flex", "main.bicep", "instanceMemoryMB: 2048", "instanceMemoryMB: 1024"),
    Spoiling("on_flex", FUNCTIONS, "primaryEndpoints.blob}${", "primaryEndpoints.queue}${"),
    Spoiling("on_flex", FUNCTIONS, "primaryEndpoints.blob}${deploymentContainer}", "primaryEndpoints.blob}app"),
    Spoiling("on_flex", FUNCTIONS, "type: 'UserAssignedIdentity'", "type: 'StorageAccountConnectionString'"),
    Spoiling("identity_only", FUNCTIONS, "type: 'UserAssigned'\n", "type: 'SystemAssigned, UserAssigned'\n"),
    Spoiling(
        "identity_only",
        FUNCTIONS,
        "name: 'scm'\n    properties: {\n      allow: false",
        "name: 'scm'\n    properties: {\n      allow: true",
    ),
    Spoiling(
        "the_door",
        FUNCTIONS,
        "ipSecurityRestrictionsDefaultAction: fromFrontDoor || fromSome ? 'Deny' : 'Allow'",
        "ipSecurityRestrictionsDefaultAction: 'Deny'",
    ),
    Spoiling("the_door", FUNCTIONS, "          portalBaseUrl\n", "          '*'\n"),
    Spoiling(
        "the_door",
        FUNCTIONS,
        "scmIpSecurityRestrictionsUseMain: false",
        "scmIpSecurityRestrictionsUseMain: true",
    ),
    Spoiling(
        "inside_the_network",
        NETWORK,
        "serviceName: 'Microsoft.App/environments'",
        "serviceName: 'Microsoft.Web/serverFarms'",
    ),
    Spoiling(
        "inside_the_network",
        NETWORK,
        "privateEndpointNetworkPolicies: 'Enabled'",
        "privateEndpointNetworkPolicies: 'Disabled'",
    ),
    Spoiling("inside_the_network", NETWORK, "destinationPortRange: '443'", "destinationPortRange: '*'"),
    Spoiling(
        "inside_the_network",
        STAMP,
        "subnetId: privateNetwork ? network!.outputs.functionsSubnetId : ''",
        "subnetId: ''",
    ),
    Spoiling(
        "stamps_stand_alone",
        "main.bicep",
        "token: uniqueString(subscription().id, environmentName, one.geography)",
        "token: uniqueString(subscription().id, environmentName, 'emea')",
    ),
    Spoiling("stamps_stand_alone", STORAGE, "  location: region\n", "  location: 'westeurope'\n"),
    Spoiling(
        "portal_holds_nothing",
        "portal.bicep",
        "stagingEnvironmentPolicy: 'Disabled'",
        "stagingEnvironmentPolicy: 'Enabled'",
    ),
    Spoiling(
        "portal_holds_nothing",
        "portal.bicep",
        "resource profile ",
        "resource state 'Microsoft.KeyVault/vaults@2023-07-01' = {\n  name: 'kv-portal'\n  location: location\n"
        "  tags: tags\n  properties: {\n    tenantId: tenant().tenantId\n    sku: {\n      family: 'A'\n"
        "      name: 'standard'\n    }\n  }\n}\n\nresource profile ",
    ),
    Spoiling("portal_sends_headers", "main.bicep", "concat([cloud.entraAuthority], origins)", "origins"),
    Spoiling("portal_sends_headers", "main.bicep", "concat([cloud.entraAuthority], origins)", "[cloud.entraAuthority]"),
    Spoiling(
        "portal_sends_headers", "main.bicep", "concat([cloud.entraAuthority], origins)", "concat(['https:'], origins)"
    ),
    Spoiling("portal_sends_headers", "portal.bicep", "join(originsToCall, ' ')", "join(skip(originsToCall, 1), ' ')"),
    Spoiling(
        "portal_sends_headers", "portal.bicep", "in (inStorage ? sent : [])", "in (inStorage ? skip(sent, 1) : [])"
    ),
    Spoiling("portal_sends_headers", "portal.bicep", "httpsRedirect: 'Enabled'", "httpsRedirect: 'Disabled'"),
    Spoiling(
        "tagged",
        MONITORING,
        "name: 'log-${token}'\n  location: region\n  tags: tags\n",
        "name: 'log-${token}'\n  location: region\n",
    ),
    Spoiling(
        "tagged",
        "portal.bicep",
        "name: 'stportal${token}'\n  location: location\n  tags: tags\n",
        "name: 'stportal${token}'\n  location: location\n  tags: union(tags, { 'azd-service-name': 'portal' })\n",
    ),
    Spoiling("tagged", FUNCTIONS, "'connector-${geography}'", "'connector'"),
    # What is seen
    Spoiling("logs_by_identity", MONITORING, "disableLocalAuth: true", "disableLocalAuth: false"),
    Spoiling("logs_by_identity", MONITORING, "DisableLocalAuth: true", "DisableLocalAuth: false"),
    Spoiling(
        "logs_by_identity",
        MONITORING,
        "    workspaceCapping: {\n      dailyQuotaGb: dailyCapGb\n    }\n",
        "    publicNetworkAccessForQuery: dailyCapGb > 0 ? 'Enabled' : 'Disabled'\n",
    ),
    Spoiling("logs_by_identity", FUNCTIONS, ";Authorization=AAD", ""),
    Spoiling("logs_by_identity", "main.bicep", "param dailyCapGb int = 2", "param dailyCapGb int = 2000"),
    Spoiling("somebody_is_told", ALERTS, '"ehr_circuit_opened "', '"ehr_circuit_open "'),
    Spoiling("somebody_is_told", ALERTS, '"subscription_failed "', '"subscription_made "'),
    Spoiling("somebody_is_told", ALERTS, "NearExpiryEventGridNotification", "NewVersionCreated"),
    Spoiling(
        "somebody_is_told",
        ALERTS,
        "      actionGroups: [\n        people.id\n      ]\n",
        "      customProperties: {}\n",
    ),
    Spoiling("somebody_is_told", ALERTS, "[for (address, i) in emails: {", "[for (address, i) in skip(emails, 1): {"),
    Spoiling("no_gap_between_looks", ALERTS, "every: 'P1D'\n    within: 'P2D'", "every: 'P1D'\n    within: 'PT1H'"),
    Spoiling("told_in_time", ALERTS, "slowMilliseconds = 1500", "slowMilliseconds = 150000"),
    Spoiling("told_in_time", ALERTS, "availabilityResults/duration", "availabilityResults/count"),
    Spoiling("told_in_time", ALERTS, "timeAggregation: 'Average'", "timeAggregation: 'Minimum'"),
    Spoiling("told_in_time", ALERTS, "failedLocationCount: 2", "failedLocationCount: 9"),
    Spoiling("told_in_time", ALERTS, "webTestId: probe.id", "webTestId: insightsId"),
    Spoiling("told_in_time", ALERTS, "tries > 50'", "tries > 50000000'"),
    Spoiling(
        "told_in_time",
        ALERTS,
        "operator: 'GreaterThan'\n          threshold: 0",
        "operator: 'GreaterThan'\n          threshold: 9",
    ),
    Spoiling("probes_the_door", ALERTS, "HttpVerb: 'POST'", "HttpVerb: 'GET'"),
    Spoiling("probes_the_door", ALERTS, "SSLCheck: true", "SSLCheck: false"),
    Spoiling(
        "accesses_are_written_down",
        DIAGNOSTICS,
        "category: 'AuditEvent'\n        enabled: true",
        "category: 'AuditEvent'\n        enabled: false",
    ),
    Spoiling("accesses_are_written_down", DIAGNOSTICS, "category: 'StorageRead'", "category: 'StorageReed'"),
    Spoiling("accesses_are_written_down", DIAGNOSTICS, "category: 'AllMetrics'", "category: 'EveryMetric'"),
    Spoiling("accesses_are_written_down", DIAGNOSTICS, "  scope: account::tables\n", "  scope: account::blobs\n"),
    Spoiling(
        "accesses_are_written_down",
        DIAGNOSTICS,
        "    logAnalyticsDestinationType: 'Dedicated'\n",
        "",
    ),
    Spoiling("has_a_budget", "main.test.bicep", "budgetStart: '2026-12-01'", "budgetStart: '2026-12-15'"),
    Spoiling("has_a_budget", BUDGET, "threshold: 80\n", "threshold: 8000\n"),
    Spoiling("has_a_budget", BUDGET, "threshold: 100\n", "threshold: 10000\n"),
    Spoiling("has_a_budget", BUDGET, "timeGrain: 'Monthly'", "timeGrain: 'Annually'"),
    # Names and models
    Spoiling("resolves", STAMP, "identityId: identity.outputs.id\n", "identityId: identity.outputs.resourceId\n"),
    Spoiling("resolves", STAMP, "    vaultName: vault.outputs.name\n    insightsName:", "    insightsName:"),
    Spoiling("resolves", FUNCTIONS, "serverFarmId: plan.id", "serverFarmId: farm.id"),
    Spoiling("resolves", "entra/main.bicep", "api.outputs.scopeId", "api.outputs.scope"),
    Spoiling("resolves", "entra/api.bicep", "subject: one.principalId", "subject: other.principalId"),
    Spoiling("resolves", STAMP, "'budget.bicep'", "'costs.bicep'"),
    Spoiling("resolves", "main.bicep", "@description('Origin of the portal.')\n", ""),
    Spoiling("resolves", NETWORK, "id: network::endpointsSubnet.id", "id: network::otherSubnet.id"),
    Spoiling("fits", STORAGE, "supportsHttpsTrafficOnly: true", "supportsHttpTrafficOnly: true"),
    Spoiling("fits", VAULT, "kty: 'EC'", "kty: 'Elliptic'"),
    Spoiling(
        "fits", ALERTS, "operator: 'GreaterThan'\n          threshold: 0", "operator: 'More'\n          threshold: 0"
    ),
    Spoiling("fits", FUNCTIONS, "perInstanceConcurrency: capacity", "concurrency: capacity"),
    Spoiling("fits", NETWORK, "publicIPAllocationMethod: 'Static'", "publicIPAllocationMethod: 'Fixed'"),
    Spoiling("fits", BUDGET, "    timeGrain: 'Monthly'\n", ""),
    Spoiling("works_out", "main.bicep", "type capacityOfStamp = {\n  alwaysReady: int\n", "type capacityOfStamp = {\n"),
    Spoiling("works_out", "main.test.bicep", "emea: 'swedencentral'", "emea: 'eastus2'"),
)

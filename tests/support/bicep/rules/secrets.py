"""Rules of state and keys: reached with an identity alone, from inside the network alone, and not lost by mistake."""

import re
from collections.abc import Iterator

from tests.support.bicep.values import Deployed, Resource

ACCOUNTS = "Microsoft.Storage/storageAccounts"
VAULTS = "Microsoft.KeyVault/vaults"
STORAGE_SERVICES = {"blob", "queue", "table"}
_TLS = {"TLS1_2", "TLS1_3"}
_LEAST_RSA_BITS = 3072
_RETENTION_DAYS = 7
_SIGNING = {"sign", "verify"}
_WRAPPING = {"wrapKey", "unwrapKey"}
_SECRET_NAME = re.compile(r"SECRET|PASSWORD|TOKEN(?!_EXCHANGE_AUDIENCE)|(?<!PUBLIC_)KEY(?!_VAULT_URL)")
_SECRET_VALUE = re.compile(
    r"AccountKey=|SharedAccessKey|sig=|@Microsoft\.KeyVault|listKeys|-----BEGIN|DefaultEndpoints", re.IGNORECASE
)


def of_stamps(deployed: Deployed, kind: str) -> list[Resource]:
    """Resources of a type that belong to a stamp, not to the portal."""
    return [one for one in deployed.of_type(kind) if "/stamp-" in one.deployment]


def no_shared_keys(deployed: Deployed) -> Iterator[str]:
    """Storage takes no account key, no local user, no copy from another tenant."""
    for account in deployed.of_type(ACCOUNTS):
        known = account.body["properties"]
        if known.get("allowSharedKeyAccess") is not False or known.get("defaultToOAuthAuthentication") is not True:
            yield f"{account.name} takes an account key"
        if known.get("isLocalUserEnabled") is not False or known.get("allowCrossTenantReplication") is not False:
            yield f"{account.name} has local users or copies for another tenant"


def no_public_blobs(deployed: Deployed) -> Iterator[str]:
    """No blob can be read without saying who you are."""
    for account in deployed.of_type(ACCOUNTS):
        if account.body["properties"].get("allowBlobPublicAccess") is not False:
            yield f"{account.name} allows public blobs"
    for container in deployed.of_type(f"{ACCOUNTS}/blobServices/containers"):
        if container.body["properties"]["publicAccess"] != "None":
            yield f"{container.name} is public"


def new_tls(deployed: Deployed) -> Iterator[str]:
    """TLS 1.2 or later, and nothing without TLS."""
    for account in deployed.of_type(ACCOUNTS):
        known = account.body["properties"]
        if known.get("minimumTlsVersion") not in _TLS or known.get("supportsHttpsTrafficOnly") is not True:
            yield f"{account.name} takes old or no TLS"
    for site in deployed.of_type("Microsoft.Web/sites"):
        config = site.body["properties"]["siteConfig"]
        if {config.get("minTlsVersion"), config.get("scmMinTlsVersion")} - {"1.2", "1.3"}:
            yield f"{site.name} takes old TLS"
        if site.body["properties"].get("httpsOnly") is not True or config.get("ftpsState") != "Disabled":
            yield f"{site.name} answers without TLS, or by FTP"


def closed_to_the_internet(deployed: Deployed) -> Iterator[str]:
    """In production only private endpoints lead to state and keys, one to each, with its name in the network."""
    for one in (*of_stamps(deployed, ACCOUNTS), *of_stamps(deployed, VAULTS)):
        known = one.body["properties"]
        if known.get("publicNetworkAccess") != "Disabled" or known["networkAcls"].get("defaultAction") != "Deny":
            yield f"{one.name} can be reached from the internet"
    for account in of_stamps(deployed, ACCOUNTS):
        yield from (f"{account.name}: no way to {group}" for group in _unreached(deployed, account, STORAGE_SERVICES))
    for vault in of_stamps(deployed, VAULTS):
        yield from (f"{vault.name}: no way to {group}" for group in _unreached(deployed, vault, {"vault"}))


_ENDPOINTS, _ZONES = "Microsoft.Network/privateEndpoints", "Microsoft.Network/privateDnsZones"
_ZONE_OF_GROUP = {
    **{service: f"privatelink.{service}.core.windows.net" for service in STORAGE_SERVICES},
    "vault": "privatelink.vaultcore.azure.net",
}
"""Microsoft Learn, "Azure Private Endpoint private DNS zone values"."""


def _unreached(deployed: Deployed, target: Resource, groups: set[str]) -> set[str]:
    """Those groups that no endpoint of the target leads to by a name that the network finds."""
    reached: set[str] = set()
    for endpoint in deployed.of_type(_ENDPOINTS):
        found_in = _zones_of(deployed, endpoint)
        for connection in endpoint.body["properties"]["privateLinkServiceConnections"]:
            if connection["properties"]["privateLinkServiceId"] == target.id:
                reached.update(one for one in connection["properties"]["groupIds"] if found_in == {_ZONE_OF_GROUP[one]})
    return groups - reached


def _zones_of(deployed: Deployed, endpoint: Resource) -> set[str]:
    """The zones that the endpoint's name is written into, as far as its network asks them."""
    written = {
        config["properties"]["privateDnsZoneId"]
        for one in deployed.of_type(f"{_ENDPOINTS}/privateDnsZoneGroups")
        if one.name.startswith(f"{endpoint.name}/")
        for config in one.body["properties"]["privateDnsZoneConfigs"]
    }
    networks = {
        one.id
        for one in deployed.of_type("Microsoft.Network/virtualNetworks")
        if str(endpoint.body["properties"]["subnet"]["id"]).startswith(f"<{one.type}/subnets:{one.name}/")
    }
    asked = {
        one.name.partition("/")[0]
        for one in deployed.of_type(f"{_ZONES}/virtualNetworkLinks")
        if one.body["properties"]["virtualNetwork"]["id"] in networks
    }
    return {one.name for one in deployed.of_type(_ZONES) if one.id in written and one.name in asked}


def encrypted_twice(deployed: Deployed) -> Iterator[str]:
    """State is encrypted by the service and once more below it, in every kind of storage."""
    for account in of_stamps(deployed, ACCOUNTS):
        known = account.body["properties"].get("encryption", {})
        if known.get("requireInfrastructureEncryption") is not True:
            yield f"{account.name} is encrypted once"
        services = known.get("services", {})
        for name in sorted(STORAGE_SERVICES):
            if services.get(name) != {"enabled": True, "keyType": "Account"}:
                yield f"{account.name}: {name}: not with the key of the account"


def vault_is_kept(deployed: Deployed) -> Iterator[str]:
    """The vault goes by roles, and nothing in it is gone before 90 days."""
    for vault in deployed.of_type(VAULTS):
        known = vault.body["properties"]
        kept = known.get("enableSoftDelete") and known.get("softDeleteRetentionInDays") == 90
        if not kept or known.get("enablePurgeProtection") is not True:
            yield f"{vault.name} can be emptied"
        if known.get("enableRbacAuthorization") is not True or known.get("accessPolicies"):
            yield f"{vault.name} goes by access policies"
        if any(known.get(f"enabledFor{what}") for what in ("Deployment", "DiskEncryption", "TemplateDeployment")):
            yield f"{vault.name} is open to the platform"


def keys_as_the_code_wants(deployed: Deployed) -> Iterator[str]:
    """SMART's two algorithms at full strength, each key for one purpose, and none of them can leave."""
    for vault in deployed.of_type(VAULTS):
        keys = {
            one.name.rpartition("/")[2]: one.body["properties"]
            for one in deployed.of_type(f"{VAULTS}/keys")
            if one.name.startswith(f"{vault.name}/")
        }
        wanted = {f"signing-{env}-{alg}" for env in ("test", "production") for alg in ("es384", "rs384")} | {"data"}
        if set(keys) != wanted:
            yield f"{vault.name}: not the keys that the code uses: {sorted(set(keys) ^ wanted)}"
        for name, key in keys.items():
            strong = (
                key.get("kty") == "EC" and key.get("curveName") == "P-384"
                if name.endswith("es384")
                else key.get("kty") == "RSA" and key.get("keySize", 0) >= _LEAST_RSA_BITS
            )
            if not strong:
                yield f"{name}: too weak, or of another kind"
            if set(key.get("keyOps", ())) != (_WRAPPING if name == "data" else _SIGNING):
                yield f"{name}: may be used for something else"
            if key.get("attributes", {}).get("exportable"):
                yield f"{name}: can leave the vault"


def no_secret_in_settings(deployed: Deployed) -> Iterator[str]:
    """No setting is a secret or leads to one; storage goes by identity."""
    for config in deployed.of_type("Microsoft.Web/sites/config"):
        settings = config.body["properties"]
        for name, value in settings.items():
            if _SECRET_NAME.search(name.upper()) or _SECRET_VALUE.search(str(value)):
                yield f"{name} looks like a secret"
        for connection in ("AzureWebJobsStorage", "STORAGE_CONNECTION"):
            if connection in settings or settings.get(f"{connection}__credential") != "managedidentity":
                yield f"{connection} does not go by identity"
            if not str(settings.get(f"{connection}__clientId", "")).endswith(".properties.clientId"):
                yield f"{connection}: by which identity?"


def can_be_restored(deployed: Deployed) -> Iterator[str]:
    """Blobs have versions, and what was deleted comes back for some days."""
    for service in of_stamps(deployed, f"{ACCOUNTS}/blobServices"):
        known = service.body["properties"]
        days = [
            known[policy]["days"]
            for policy in ("deleteRetentionPolicy", "containerDeleteRetentionPolicy")
            if known[policy]["enabled"]
        ]
        if not known.get("isVersioningEnabled") or len(days) < 2 or min(days) < _RETENTION_DAYS:
            yield f"{service.name}: a deleted blob is gone"


def stays_in_the_region(deployed: Deployed) -> Iterator[str]:
    """Storage is spread over zones; it is copied elsewhere only where the pair is named."""
    for account in of_stamps(deployed, ACCOUNTS):
        copied = account.body["tags"].get("copiedTo")
        if account.body["sku"]["name"] != ("Standard_GZRS" if copied else "Standard_ZRS"):
            yield f"{account.name}: {account.body['sku']['name']}"


def locked(deployed: Deployed) -> Iterator[str]:
    """State and keys of production cannot be deleted by mistake."""
    held = {
        one.scope
        for one in deployed.of_type("Microsoft.Authorization/locks")
        if one.body["properties"]["level"] == "CanNotDelete"
    }
    for one in (*of_stamps(deployed, ACCOUNTS), *of_stamps(deployed, VAULTS)):
        if one.id not in held:
            yield f"{one.name} has no lock"

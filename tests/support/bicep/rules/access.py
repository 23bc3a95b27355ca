"""Rules of who may do what: roles of the identity, and who comes in at the door."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.support.bicep.rules.secrets import ACCOUNTS, of_stamps
from tests.support.bicep.values import Deployed, Resource

ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
DEFINITIONS = "Microsoft.Authorization/roleDefinitions"
_TOO_MUCH = re.compile(r"\*|/delete$|/purge/|/backup/|/restore/|/setSecret/|/import/|/write$|/export/|/release/")
_SETTINGS_OF_OTHER_PLANS = {
    "FUNCTIONS_WORKER_RUNTIME",
    "FUNCTIONS_EXTENSION_VERSION",
    "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING",
    "WEBSITE_CONTENTSHARE",
    "WEBSITE_RUN_FROM_PACKAGE",
    "WEBSITE_TIME_ZONE",
    "WEBSITE_LOAD_CERTIFICATES",
    "SCM_DO_BUILD_DURING_DEPLOYMENT",
    "ENABLE_ORYX_BUILD",
}
_HOSTS_OF_AZD = {"Microsoft.Web/sites", "Microsoft.Web/staticSites"}
_MEMBERS_OF_OTHER_PLANS = {"alwaysOn", "linuxFxVersion", "functionAppScaleLimit", "vnetRouteAllEnabled", "appSettings"}
_INSTANCES, _MEMORY = range(40, 1001), (512, 2048, 4096)
"""What Flex Consumption offers (Microsoft Learn, "Azure Functions Flex Consumption plan hosting")."""
PORTAL_HEADERS = {
    "Content-Security-Policy",
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "Referrer-Policy",
    "Cross-Origin-Opener-Policy",
    "Permissions-Policy",
}
BUILT_IN = {
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "19e7f393-937e-4f77-808e-94535e297925": "Storage Queue Data Reader",
    "8a0f0c08-91a1-4084-bc3d-661d67233fed": "Storage Queue Data Message Processor",
    "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a": "Storage Queue Data Message Sender",
    "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": "Storage Table Data Contributor",
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
}
"""Built-in data-plane roles that the stamp may give (Microsoft Learn, "Azure built-in roles")."""


def narrow_roles(deployed: Deployed) -> Iterator[str]:
    """The identity has data-plane roles of a short list, each at one resource of its own stamp."""
    own = {one.id for one in deployed.of_type(DEFINITIONS)}
    for one in of_stamps(deployed, ASSIGNMENTS):
        role = one.body["properties"]["roleDefinitionId"]
        if role not in own and role.rpartition("/")[2] not in BUILT_IN:
            yield f"{one.symbol}: a role that is not on the list"
        if not re.match(r"<Microsoft\.(Storage/storageAccounts|KeyVault/vaults|Insights/components):", one.scope):
            yield f"{one.symbol}: given at {one.scope}"
        who = one.body["properties"]["principalId"]
        if (
            not who.endswith(".properties.principalId")
            or one.body["properties"].get("principalType") != "ServicePrincipal"
        ):
            yield f"{one.symbol}: given to somebody else"
    for role in deployed.of_type(DEFINITIONS):
        for permission in role.body["properties"]["permissions"]:
            if permission.get("actions"):
                yield f"{role.symbol}: may change resources"
            for action in permission["dataActions"]:
                if _TOO_MUCH.search(action):
                    yield f"{role.symbol}: {action}"


def sites(deployed: Deployed) -> list[Resource]:
    """The function apps."""
    return deployed.of_type("Microsoft.Web/sites")


def on_flex(deployed: Deployed) -> Iterator[str]:
    """Flex Consumption with Python 3.13, an instance always ready for HTTP, and several requests at once in each."""
    for plan in deployed.of_type("Microsoft.Web/serverfarms"):
        if (
            plan.body["sku"] != {"name": "FC1", "tier": "FlexConsumption"}
            or plan.body["properties"]["reserved"] is not True
        ):
            yield f"{plan.name} is not Flex Consumption"
        if plan.body["properties"]["zoneRedundant"] is not True:
            yield f"{plan.name} is in one zone"
    for site in sites(deployed):
        config = site.body["properties"]["functionAppConfig"]
        if config["runtime"] != {"name": "python", "version": "3.13"}:
            yield f"{site.name}: {config['runtime']}"
        yield from (f"{site.name}: {one}" for one in _scale(config["scaleAndConcurrency"]))
        packages = config["deployment"]["storage"]
        if packages["authentication"]["type"] != "UserAssignedIdentity":
            yield f"{site.name}: deployed with a key"
        if packages["type"] != "blobContainer" or packages["value"] not in _containers(deployed):
            yield f"{site.name}: no such container: {packages['value']}"
        if _MEMBERS_OF_OTHER_PLANS & set(site.body["properties"]["siteConfig"]):
            yield f"{site.name}: members that Flex Consumption does not take"
    for config in deployed.of_type("Microsoft.Web/sites/config"):
        yield from (
            f"{name} is not for Flex Consumption" for name in _SETTINGS_OF_OTHER_PLANS & set(config.body["properties"])
        )


def _scale(scale: Mapping[str, Any]) -> Iterator[str]:
    if not any(one["name"] == "http" and one["instanceCount"] >= 2 for one in scale.get("alwaysReady", ())):
        yield "Graph would meet a cold start"
    if scale.get("triggers", {}).get("http", {}).get("perInstanceConcurrency", 1) < 2:
        yield "one request at a time"
    if scale.get("maximumInstanceCount") not in _INSTANCES:
        yield f"{scale.get('maximumInstanceCount')} instances at most"
    if scale.get("instanceMemoryMB") not in _MEMORY:
        yield f"instances of {scale.get('instanceMemoryMB')} MB"


def _containers(deployed: Deployed) -> set[str]:
    """The addresses of the containers that are made, as far as they are known before."""
    owners = {one.name: one for one in deployed.of_type(ACCOUNTS)}
    parts = [one.name.split("/") for one in deployed.of_type(f"{ACCOUNTS}/blobServices/containers")]
    return {f"{owners[part[0]].member('properties')}.primaryEndpoints.blob{part[-1]}" for part in parts}


def identity_only(deployed: Deployed) -> Iterator[str]:
    """The app is its user-assigned identity, and nobody deploys with a password."""
    closed = {
        one.name
        for one in deployed.of_type("Microsoft.Web/sites/basicPublishingCredentialsPolicies")
        if one.body["properties"]["allow"] is False
    }
    for site in sites(deployed):
        if site.body["identity"]["type"] != "UserAssigned" or len(site.body["identity"]["userAssignedIdentities"]) != 1:
            yield f"{site.name}: not one user-assigned identity"
        yield from (
            f"{site.name}: password for {what}" for what in ("ftp", "scm") if f"{site.name}/{what}" not in closed
        )


def the_door(deployed: Deployed) -> Iterator[str]:
    """The one public door: Graph and EHRs come in, scripts of the portal alone may call, code comes in another way."""
    for site in sites(deployed):
        config = site.body["properties"]["siteConfig"]
        rules = config["ipSecurityRestrictions"]
        let_in = [one for one in rules if one["action"] == "Allow"]
        closed = config["ipSecurityRestrictionsDefaultAction"] == "Deny"
        by_front_door = any("x-azure-fdid" in one.get("headers", {}) for one in let_in)
        if closed and not by_front_door and not any(one["name"].startswith("graph") for one in let_in):
            yield f"{site.name}: Graph is shut out"
        if not closed and let_in:
            yield f"{site.name}: lets some in and everybody else too"
        if any(one["ipAddress"] in ("Any", "0.0.0.0/0") for one in rules):
            yield f"{site.name}: a rule for everybody"
        if config["scmIpSecurityRestrictionsUseMain"] is not False:
            yield f"{site.name}: whoever may come in may deploy"
        cors = config["cors"]
        if len(cors["allowedOrigins"]) != 1 or "*" in cors["allowedOrigins"][0] or not cors["supportCredentials"]:
            yield f"{site.name}: scripts of {cors['allowedOrigins']} may call"


def inside_the_network(deployed: Deployed) -> Iterator[str]:
    """The functions stand in a subnet of their own; only they reach the endpoints, over TLS; one address leads out."""
    for network in deployed.of_type("Microsoft.Network/virtualNetworks"):
        known = network.body["properties"]["subnets"]
        by_name = {one["name"]: one["properties"] for one in known}
        for name, subnet in by_name.items():
            if "networkSecurityGroup" not in subnet or subnet.get("defaultOutboundAccess") is not False:
                yield f"subnet {name}: no rules, or a way out of its own"
        if by_name["functions"]["delegations"][0]["properties"]["serviceName"] != "Microsoft.App/environments":
            yield "functions: not delegated to Flex Consumption"
        if "natGateway" not in by_name["functions"]:
            yield "functions: no address of their own"
        if by_name["endpoints"].get("privateEndpointNetworkPolicies") != "Enabled":
            yield "endpoints: their rules do not count"
    for group in deployed.of_type("Microsoft.Network/networkSecurityGroups"):
        rules = [one["properties"] for one in group.body["properties"]["securityRules"]]
        for rule in rules:
            if rule["access"] == "Allow" and (
                rule["destinationPortRange"] != "443" or rule["sourceAddressPrefix"] in ("*", "Internet")
            ):
                yield f"{group.name}: lets in more than TLS of the functions"
        if not any(rule["access"] == "Deny" and rule["direction"] == "Inbound" for rule in rules):
            yield f"{group.name}: turns nobody away"
    for site in sites(deployed):
        if not str(site.body["properties"]["virtualNetworkSubnetId"]).endswith("/functions>.id"):
            yield f"{site.name} is not in the network"


def stamps_stand_alone(deployed: Deployed) -> Iterator[str]:
    """Everything of a stamp is in its region, and nothing in it names another stamp."""
    groups = {
        one.body["tags"].get("geography"): one.body["location"]
        for one in deployed.of_type("Microsoft.Resources/resourceGroups")
    }
    tokens = {
        geography: one.name.rpartition("-")[2]
        for geography in groups
        for one in deployed.of_type("Microsoft.ManagedIdentity/userAssignedIdentities")
        if geography and f"/stamp-{geography}/" in one.deployment
    }
    for one in deployed.resources:
        geography = next((each for each in tokens if f"/stamp-{each}/" in one.deployment), None)
        if geography is None:
            continue
        if one.body.get("location", "global") not in ("global", groups[geography]):
            yield f"{one.name} is in {one.body['location']}"
        said = f"{one.name} {one.scope} {one.body}"
        yield from (
            f"{one.name} names something of {other}"
            for other, token in tokens.items()
            if other != geography and token in said
        )


def portal_holds_nothing(deployed: Deployed) -> Iterator[str]:
    """Beside the portal's files there is nothing: no state, no keys, no settings."""
    allowed = ("Microsoft.Web/staticSites", "Microsoft.Cdn/", ACCOUNTS, ASSIGNMENTS)
    for one in deployed.resources:
        if one.deployment.endswith("/portal"):
            if not one.type.startswith(allowed) or one.type.startswith((f"{ACCOUNTS}/table", f"{ACCOUNTS}/queue")):
                yield f"{one.name} has no business beside the portal"
            if (
                one.type.startswith("Microsoft.Web/staticSites")
                and one.body["properties"].get("stagingEnvironmentPolicy") != "Disabled"
            ):
                yield "the portal has public previews"


def portal_sends_headers(deployed: Deployed) -> Iterator[str]:
    """Where storage serves the portal, Front Door adds each header; its policy lets scripts call what they must."""
    rules = deployed.of_type("Microsoft.Cdn/profiles/ruleSets/rules")
    sent = {
        action["parameters"]["headerName"]: action["parameters"]["value"]
        for one in rules
        for action in one.body["properties"]["actions"]
    }
    yield from (f"the portal does not send {name}" for name in sorted(PORTAL_HEADERS - set(sent)))
    policy = sent.get("Content-Security-Policy", "")
    if "default-src 'none'" not in policy or _to_call(deployed) != _may_be_called(policy):
        yield f"the portal's policy: {policy}"
    if len({one.body["properties"]["order"] for one in rules}) != len(rules):
        yield "two headers have one place"
    for route in deployed.of_type("Microsoft.Cdn/profiles/afdEndpoints/routes"):
        known = route.body["properties"]
        if known["httpsRedirect"] != "Enabled" or known["forwardingProtocol"] != "HttpsOnly" or not known["ruleSets"]:
            yield f"{route.name}: without TLS, or without the headers"


def _to_call(deployed: Deployed) -> set[str]:
    """Where the portal's scripts go: to each stamp, and where people sign in."""
    settings = [one.body["properties"] for one in deployed.of_type("Microsoft.Web/sites/config")]
    stamps = [one for one in settings if "PUBLIC_BASE_URL" in one]
    return {"'self'", *(one[name] for one in stamps for name in ("PUBLIC_BASE_URL", "ENTRA_AUTHORITY"))}


def _may_be_called(policy: str) -> set[str]:
    found = re.search(r"connect-src ([^;]*)", policy)
    return set(found[1].split()) if found else set()


def tagged(deployed: Deployed) -> Iterator[str]:
    """Everything that can have tags says which environment it is of; each thing that is deployed to, once."""
    services = [
        (one.deployment.split("/")[1], one.body["tags"]["azd-service-name"])
        for one in deployed.resources
        if "azd-service-name" in one.body.get("tags", {})
    ]
    # azure.yaml says of each service what hosts it: azd stops where the tag is on anything else.
    hosts = {one.type for one in deployed.resources if "azd-service-name" in one.body.get("tags", {})}
    if len(services) != len(set(services)) or not services or hosts - _HOSTS_OF_AZD:
        yield f"azd would not know where to deploy: {services}"
    for one in deployed.resources:
        if "location" in one.body and "azd-env-name" not in one.body.get("tags", {}):
            yield f"{one.name} has no tags"

"""Rules of what is seen: logs, alerts, audit, budget."""

import re
from collections.abc import Iterator, Mapping

from shared.telemetry import Event
from tests.support.bicep.rules.secrets import ACCOUNTS, VAULTS, of_stamps
from tests.support.bicep.values import Deployed

_ALERTS = "Microsoft.Insights/scheduledQueryRules"
_LEAST_DAYS = 30
_MINUTES = {"PT1M": 1, "PT5M": 5, "PT10M": 10, "PT15M": 15, "PT30M": 30, "PT1H": 60, "P1D": 1440, "P2D": 2880}
_EVENT = re.compile(r'startswith "([a-z_]+) "')
_MUST_TELL: Mapping[str, str] = {
    "door failing inside": Event.REQUEST_FAILED,
    "poison not empty": Event.QUEUE_MESSAGE_PARKED,
    "notifications given up": Event.NOTIFICATION_GIVEN_UP,
    "writebacks given up": Event.WRITEBACK_GIVEN_UP,
    "writebacks parked for long": Event.WRITEBACK_RETRYING,
    "subscription renewals failing": Event.SUBSCRIPTION_FAILED,
    "EHR breaker open": Event.EHR_CIRCUIT_OPENED,
    "timers stand still": Event.UPKEEP_DONE,
}


def logs_by_identity(deployed: Deployed) -> Iterator[str]:
    """Telemetry is written and read with an identity, capped for a day, and kept for a while by the stamp itself."""
    for workspace in deployed.of_type("Microsoft.OperationalInsights/workspaces"):
        known = workspace.body["properties"]
        if known["features"].get("disableLocalAuth") is not True:
            yield f"{workspace.name} takes a key"
        if known.get("workspaceCapping", {}).get("dailyQuotaGb", -1) < 1:
            yield f"{workspace.name} has no cap"
        if known["retentionInDays"] < _LEAST_DAYS:
            yield f"{workspace.name} forgets too soon"
    for component in deployed.of_type("Microsoft.Insights/components"):
        known = component.body["properties"]
        if known.get("DisableLocalAuth") is not True:
            yield f"{component.name} takes telemetry of anybody"
        if known.get("DisableIpMasking") is not False:
            yield f"{component.name} keeps addresses"
        if not str(known["WorkspaceResourceId"]).startswith("<Microsoft.OperationalInsights"):
            yield f"{component.name} has no workspace of the stamp"
    for config in deployed.of_type("Microsoft.Web/sites/config"):
        if "Authorization=AAD" not in config.body["properties"].get("APPLICATIONINSIGHTS_AUTHENTICATION_STRING", ""):
            yield "the app sends telemetry without saying who it is"


def queries(deployed: Deployed) -> set[str]:
    """Every query of an alert."""
    return {
        criterion["query"]
        for one in deployed.of_type(_ALERTS)
        for criterion in one.body["properties"]["criteria"]["allOf"]
    }


def somebody_is_told(deployed: Deployed) -> Iterator[str]:
    """Each thing that needs a person has an alert that reads what the code logs, and the alert reaches people."""
    known = queries(deployed)
    events = {event for query in known for event in _EVENT.findall(query)}
    yield from (f"{event}: no such event" for event in sorted(events - {event.value for event in Event}))
    yield from (f"nobody is told: {what}" for what, event in _MUST_TELL.items() if event not in events)
    if not any("NearExpiry" in query for query in known):
        yield "nobody is told: key or certificate near expiry"
    metrics = deployed.of_type("Microsoft.Insights/metricAlerts")
    kinds = [one.body["properties"]["criteria"]["odata.type"].rpartition(".")[2] for one in metrics]
    if "WebtestLocationAvailabilityCriteria" not in kinds or "SingleResourceMultipleMetricCriteria" not in kinds:
        yield "nobody is told: door slow or failing"
    groups = {one.id: one.body["properties"] for one in deployed.of_type("Microsoft.Insights/actionGroups")}
    if not groups or not all(one["enabled"] and one["emailReceivers"] for one in groups.values()):
        yield "an action group reaches nobody"
    told = [
        (one.name, one.body["properties"], one.body["properties"]["actions"].get("actionGroups"))
        for one in deployed.of_type(_ALERTS)
    ]
    told += [
        (one.name, one.body["properties"], [each["actionGroupId"] for each in one.body["properties"]["actions"]])
        for one in metrics
    ]
    for name, alert, people in told:
        if not alert["enabled"] or not people or not set(people) <= set(groups):
            yield f"{name} tells nobody"


def no_gap_between_looks(deployed: Deployed) -> Iterator[str]:
    """An alert looks at least as far back as its last look, and at times that Azure Monitor offers."""
    for one in (*deployed.of_type(_ALERTS), *deployed.of_type("Microsoft.Insights/metricAlerts")):
        known = one.body["properties"]
        every, within = _MINUTES.get(known["evaluationFrequency"], 0), _MINUTES.get(known["windowSize"], 0)
        if not 0 < every <= within:
            yield f"{one.name}: looks every {known['evaluationFrequency']} at the last {known['windowSize']}"


def probes_the_door(deployed: Deployed) -> Iterator[str]:
    """The probe does what Graph does, from several places, over TLS."""
    for probe in deployed.of_type("Microsoft.Insights/webtests"):
        known = probe.body["properties"]
        request = known["Request"]
        if request["HttpVerb"] != "POST" or not re.match(
            r"https://[^/]+/api/graph/notifications\?validationToken=\w+$", request["RequestUrl"]
        ):
            yield f"{probe.name} does not do what Graph does"
        if len(known["Locations"]) < 3 or not known["Enabled"] or not known["ValidationRules"]["SSLCheck"]:
            yield f"{probe.name} sees too little"


def accesses_are_written_down(deployed: Deployed) -> Iterator[str]:
    """Who touched state or keys stands in the stamp's workspace."""
    settings = {one.scope: one.body["properties"] for one in deployed.of_type("Microsoft.Insights/diagnosticSettings")}
    wanted = [f"{ACCOUNTS}/{what}Services" for what in ("blob", "queue", "table")] + [VAULTS, "Microsoft.Web/sites"]
    for kind in wanted:
        for one in of_stamps(deployed, kind):
            known = settings.get(one.id, {})
            written = [
                each["category"] for each in (*known.get("logs", ()), *known.get("metrics", ())) if each["enabled"]
            ]
            if not written or not str(known["workspaceId"]).startswith("<Microsoft.OperationalInsights"):
                yield f"{one.name}: nothing is written down"
            if kind == VAULTS and (
                "AuditEvent" not in written or known.get("logAnalyticsDestinationType") != "Dedicated"
            ):
                yield f"{one.name}: the alert reads a table that is not written"
            if kind.endswith(("blobServices", "tableServices")) and len(written) < 3:
                yield f"{one.name}: not every access"


def has_a_budget(deployed: Deployed) -> Iterator[str]:
    """Somebody is told before a stamp costs more than was meant."""
    stamps = {one.deployment.rpartition("/")[0] for one in of_stamps(deployed, VAULTS)}
    budgets = {
        one.deployment.rpartition("/")[0]: one.body["properties"]
        for one in deployed.of_type("Microsoft.Consumption/budgets")
    }
    yield from (f"{stamp} has no budget" for stamp in sorted(stamps - set(budgets)))
    for known in budgets.values():
        told = [one for one in known["notifications"].values() if one["enabled"] and one["contactEmails"]]
        if known.get("timeGrain") != "Monthly" or not told or not known["timePeriod"]["startDate"].endswith("-01"):
            yield "a budget that tells nobody in time"

"""Rules of what is seen: logs, alerts, audit, budget."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from shared.telemetry import Event
from tests.support.bicep.rules.secrets import ACCOUNTS, VAULTS, of_stamps
from tests.support.bicep.values import Deployed

_ALERTS = "Microsoft.Insights/scheduledQueryRules"
_METRIC_ALERTS, _PROBES = "Microsoft.Insights/metricAlerts", "Microsoft.Insights/webtests"
_LEAST_DAYS, _MOST_GB = 30, 10
_MOST_LINES = 100
_GRAPH_WAITS_MILLISECONDS = 3000
_MINUTES = {"PT1M": 1, "PT5M": 5, "PT10M": 10, "PT15M": 15, "PT30M": 30, "PT1H": 60, "P1D": 1440, "P2D": 2880}
_EVENT = re.compile(r'startswith "([a-z_]+) "')
_BOUND = re.compile(r">=?\s*(\d+)")
_EVERY_ACCESS = {"StorageRead", "StorageWrite", "StorageDelete"}
_WRITTEN_DOWN: Mapping[str, set[str]] = {
    f"{ACCOUNTS}/blobServices": _EVERY_ACCESS,
    f"{ACCOUNTS}/tableServices": _EVERY_ACCESS,
    f"{ACCOUNTS}/queueServices": _EVERY_ACCESS - {"StorageRead"},
    VAULTS: {"AuditEvent"},
    "Microsoft.Web/sites": {"AllMetrics"},
}
"""By type, the categories as Azure Monitor calls them."""
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
        if not 1 <= known.get("workspaceCapping", {}).get("dailyQuotaGb", -1) <= _MOST_GB:
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
    metrics = deployed.of_type(_METRIC_ALERTS)
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


def told_in_time(deployed: Deployed) -> Iterator[str]:
    """Few lines are enough for an alert, and a slow door is told before Graph gives up."""
    for one in deployed.of_type(_ALERTS):
        for criterion in one.body["properties"]["criteria"]["allOf"]:
            if any(int(bound) > _MOST_LINES for bound in _BOUND.findall(criterion["query"])):
                yield f"{one.name} waits for too much"
            counted = (criterion["timeAggregation"], criterion["operator"], criterion["threshold"])
            if counted != ("Count", "GreaterThan", 0) or criterion["failingPeriods"]["minFailingPeriodsToAlert"] != 1:
                yield f"{one.name} does not tell at the first row"
    places = {one.id: len(one.body["properties"]["Locations"]) for one in deployed.of_type(_PROBES)}
    for one in deployed.of_type(_METRIC_ALERTS):
        known = one.body["properties"]["criteria"]
        failed = known.get("failedLocationCount")
        if failed is not None and not 0 < failed < places.get(known["webTestId"], 0):
            yield f"{one.name}: {failed} places fail"
        yield from (f"{one.name}: slow is something else" for each in known.get("allOf", ()) if not _is_slow(each))


def _is_slow(criterion: Mapping[str, Any]) -> bool:
    """Whether it tells that the handshake takes long."""
    measured = tuple(criterion[name] for name in ("metricName", "timeAggregation", "operator"))
    is_duration = measured == ("availabilityResults/duration", "Average", "GreaterThan")
    return is_duration and 0 < criterion["threshold"] < _GRAPH_WAITS_MILLISECONDS


def no_gap_between_looks(deployed: Deployed) -> Iterator[str]:
    """An alert looks at least as far back as its last look, and at times that Azure Monitor offers."""
    for one in (*deployed.of_type(_ALERTS), *deployed.of_type(_METRIC_ALERTS)):
        known = one.body["properties"]
        every, within = _MINUTES.get(known["evaluationFrequency"], 0), _MINUTES.get(known["windowSize"], 0)
        if not 0 < every <= within:
            yield f"{one.name}: looks every {known['evaluationFrequency']} at the last {known['windowSize']}"


def probes_the_door(deployed: Deployed) -> Iterator[str]:
    """The probe does what Graph does, from several places, over TLS."""
    for probe in deployed.of_type(_PROBES):
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
    for kind, wanted in _WRITTEN_DOWN.items():
        for one in of_stamps(deployed, kind):
            known = settings.get(one.id, {})
            written = {
                each["category"] for each in (*known.get("logs", ()), *known.get("metrics", ())) if each["enabled"]
            }
            if written != wanted:
                yield f"{one.name}: not what is written down: {sorted(written ^ wanted)}"
            if not str(known.get("workspaceId")).startswith("<Microsoft.OperationalInsights"):
                yield f"{one.name}: nothing is written down"
            if kind == VAULTS and known.get("logAnalyticsDestinationType") != "Dedicated":
                yield f"{one.name}: the alert reads a table that is not written"


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
        if {one["thresholdType"] for one in told if 0 < one["threshold"] <= 100} != {"Actual", "Forecasted"}:
            yield "a budget that is spent before somebody is told"
        if known.get("timeGrain") != "Monthly" or not told or not known["timePeriod"]["startDate"].endswith("-01"):
            yield "a budget that tells nobody in time"

"""The one list of doors: every blueprint of the app."""

from functions import (
    approval,
    configuration,
    consent,
    health,
    keys,
    launch,
    notifications,
    openapi,
    privacy,
    records,
    reports,
    tenant,
    upkeep,
    visits,
    writeback,
)

BLUEPRINTS = (
    configuration.blueprint,
    records.blueprint,
    reports.blueprint,
    tenant.blueprint,
    consent.blueprint,
    privacy.blueprint,
    approval.blueprint,
    launch.blueprint,
    visits.blueprint,
    notifications.blueprint,
    writeback.blueprint,
    upkeep.blueprint,
    keys.blueprint,
    health.blueprint,
    openapi.blueprint,
)

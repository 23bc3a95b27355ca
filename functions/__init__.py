"""The one list of doors: every blueprint of the app."""

from functions import approval, configuration, health, keys, launch, notifications, openapi, upkeep, visits, writeback

BLUEPRINTS = (
    configuration.blueprint,
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

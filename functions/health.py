"""Liveness and build."""

import platform
from functools import cache
from pathlib import Path
from typing import Any

import azure.functions as func

from functions.answers import Answer, Json
from functions.edge import Call, door
from functions.models import BacklogOut, HealthOut, VersionOut

blueprint = func.Blueprint()
_SHARED = Path(__file__).parents[1] / "shared"


@door(blueprint, "GET", "health", answer=HealthOut)
def health(call: Call[Any]) -> Answer:
    """Whether storage and keys answer, and what lies in poison queues or is parked; 503 if storage or keys do not."""
    storage, keys = _storage_answers(call), _keys_answer(call)
    well = storage and keys
    status = "ok" if well else "storage does not answer" if keys else "keys cannot be read"
    geography = call.connector.settings.geography.value
    backlog = _backlog(call) if storage else None
    told = HealthOut(status=status, storage=storage, keys=keys, geography=geography, backlog=backlog)
    return Json(told, status=200 if well else 503)


@door(blueprint, "GET", "version", answer=VersionOut)
def version(_: Call[Any]) -> Answer:
    """What runs here."""
    return Json(VersionOut(version=_version(), build=_build(), python=platform.python_version()))


def _storage_answers(call: Call[Any]) -> bool:
    from azure.core.exceptions import AzureError  # noqa: PLC0415 - not at the notification door

    try:
        next(iter(call.connector.tables.list_tables(results_per_page=1)), None)
    except AzureError:
        return False
    return True


def _backlog(call: Call[Any]) -> BacklogOut | None:
    counts = call.connector.backlog.counts()
    if counts is None:
        return None
    return BacklogOut(
        notifications_poison=counts.poison["notifications-poison"],
        writebacks_poison=counts.poison["writebacks-poison"],
        parked=counts.parked,
        given_up=counts.given_up,
    )


def _keys_answer(call: Call[Any]) -> bool:
    try:
        return bool(call.connector.keys.data_key)
    except (OSError, ValueError):
        return False


@cache
def _version() -> str:
    return (_SHARED / "VERSION").read_text(encoding="utf-8").strip()


@cache
def _build() -> str:
    # Only a deployment package has this file.
    file = _SHARED / "BUILD"
    return file.read_text(encoding="utf-8").strip() if file.exists() else ""

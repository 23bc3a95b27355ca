"""The whole sandbox for sections that need a hospital and Microsoft, and visits put into it without a browser."""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Iterator
from dataclasses import replace

from sandbox.demo.onboarding import PREFIXES
from sandbox.demo.world import CAST
from shared.identifiers import ConnectionKey, Geography, Role, TenantKey
from shared.visits.launch import LaunchTarget
from shared.visits.ports import EhrUser
from shared.wiring import Connector
from tests.bench import connections, servers
from tests.bench.setting import Setting, server_core
from tests.e2e.world import Sandbox, oid
from tests.support.fakes import FakeEhr

TENANT = TenantKey(Geography.EMEA, str(CAST["tenants"][0]["id"]))
CLINICIAN = "clinician-one"
_APPOINTMENT = next(one for one in CAST["hospital"]["appointments"] if one["key"] == "one-to-one")
CONFERENCE = str(_APPOINTMENT["csn"])
PROVIDER = EhrUser("PROV1", "1")
PATIENT = EhrUser(str(next(one["patientId"] for one in CAST["hospital"]["patients"])), "2")


@contextlib.contextmanager
def running(setting: Setting) -> Iterator[Sandbox]:
    """Stand-ins and Azurite on the load's core, the connector on the server's; timers only when asked for."""
    with servers.azurite(setting) as storage:
        world = Sandbox(storage, setting.folder)
        try:
            world.start_stand_ins()
            with _on(server_core()):
                world.start_functions()
            yield world
        finally:
            world.stop()


def connector(world: Sandbox) -> Connector:
    """A connector of our own on the storage and the keys of the one that runs."""
    # msal reads these from the environment itself.
    os.environ.update({name: value for name, value in world.settings.items() if name.startswith("IDENTITY_")})
    return connections.connector(world.settings)


def hospital_url(world: Sandbox) -> str:
    """The pretend hospital's FHIR base URL."""
    return f"{world.hospital}/{PREFIXES['test']}/api/FHIR/R4"


def open_visit(parts: Connector, key: ConnectionKey) -> str:
    """Patient and clinician launch the one appointment; the join URL of the meeting that is made for it."""
    ehr = FakeEhr()
    desk = replace(parts.desk, ehr=ehr)
    target = parts.launch_target(key.connection)
    parts.clinician_store.link(key, PROVIDER, oid(CLINICIAN))
    for role, user in ((Role.PATIENT, PATIENT), (Role.PROVIDER, PROVIDER)):
        departure = desk.begin(target, role, _query(target))
        fields = {
            "sessionId": CONFERENCE,
            "externalId": user.external_id,
            "externalIdType": user.external_id_type,
        }
        pending = desk.pending_launch(departure.cookie, departure.state)
        desk.complete(target, pending, ehr.will_say("code", fields))
    visit = parts.visit_store.read(next(one for one in parts.visit_store.live() if one.connection == key))
    if visit is None or visit.meeting is None:
        raise RuntimeError("no meeting was made")
    return visit.meeting.join_url


def _query(target: LaunchTarget) -> dict[str, list[str]]:
    return {"iss": [target.base_url], "launch": ["opaque"]}


@contextlib.contextmanager
def _on(core: int) -> Iterator[None]:
    """What is started meanwhile stays on that core."""
    if platform.system() != "Linux":
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)

"""Our Microsoft modules, put together as the wiring does, and what tests ask of the stand-in beside them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx

from shared.clock import utc_now
from shared.http import client
from shared.identifiers import ConnectionKey, TenantKey, VisitKey, new_connection_id
from shared.identity import ManagedIdentity
from shared.microsoft.door import client_state
from shared.microsoft.entra import Entra
from shared.microsoft.graph import Graph
from shared.microsoft.meetings import GraphMeetings
from shared.microsoft.reports import GraphReports
from shared.sealing import Sealer
from shared.visits.model import Meeting
from shared.visits.ports import MeetingWish
from tests.support.connections import TENANT
from tests.support.connector import USERS, TinyConnector, cast_settings

ONE, TWO, STAFF = (str(USERS[key]["oid"]) for key in ("clinician-one", "clinician-two", "staff"))
NO_POLICY = str(USERS["clinician-without-policy"]["oid"])
SEALER = Sealer(b"k" * 32)


def wish(external_id: str = "external-id", minutes: float = 60) -> MeetingWish:
    """A meeting as a visit wants it."""
    now = utc_now()
    return MeetingWish(external_id, "Virtual visit", now, now + timedelta(minutes=minutes))


def visit(tenant: TenantKey = TENANT) -> VisitKey:
    """A visit of a tenant."""
    return VisitKey(ConnectionKey(tenant, new_connection_id(tenant.tenant)), "a" * 32)


def in_hours(hours: float) -> datetime:
    """A moment from now."""
    return utc_now() + timedelta(hours=hours)


class Parts:
    """Entra and meetings of ours."""

    def __init__(self, connector: TinyConnector, url: str) -> None:
        self.connector, self.url = connector, url
        self.http = client()
        self.control = httpx.Client(base_url=url, timeout=10)
        self.settings = cast_settings(
            connector.url,
            entra_authority=f"{url}/entra",
            graph_base_url=f"{url}/graph/v1.0",
            graph_beta_base_url=f"{url}/graph/beta",
        )
        self.start()

    def start(self) -> None:
        """Everything as at the beginning."""
        self.control.post("/control/reset").raise_for_status()
        self.control.delete("/control/faults").raise_for_status()
        self.control.delete("/control/requests").raise_for_status()
        self.connector.posted.clear()
        self.connector.handshakes.clear()
        self.slept: list[float] = []
        place = {"IDENTITY_ENDPOINT": f"{self.url}/identity/token", "IDENTITY_HEADER": "sandbox"}
        identity = ManagedIdentity(self.http, self.settings.managed_identity_client_id, utc_now, place)
        self.entra = Entra(self.http, identity.token, self.settings, utc_now)
        self.graph = Graph(self.http, self.entra.graph_token, self.slept.append)
        state = lambda key: client_state(SEALER, key)  # noqa: E731 - as the wiring has it
        self.meetings = GraphMeetings(self.graph, self.connector.keys, self.settings, state, utc_now)
        self.reports = GraphReports(self.graph, self.settings)

    def close(self) -> None:
        """Leaves no connection behind."""
        self.http.close()
        self.control.close()

    def meeting(self, external_id: str = "external-id", organizer: str = ONE) -> Meeting:
        """A meeting."""
        return self.meetings.create_or_get(TENANT, organizer, wish(external_id))

    def act(self, meeting: Meeting, act: str, who: dict[str, str], at: datetime) -> None:
        """Somebody does something in a meeting, at that time."""
        body = {"act": act, "participant": who, "at": at.isoformat()}
        self.control.post(f"/control/meetings/{meeting.meeting_id}/acts", json=body).raise_for_status()

    def fault(self, path: str, **rule: Any) -> None:
        """Microsoft misbehaves."""
        rules = [{"name": "fault", "path": path, **rule}]
        self.control.post("/control/faults", json={"seed": 7, "rules": rules}).raise_for_status()

    def requests(self, path: str) -> int:
        """How often Microsoft was asked for a path."""
        return int(self.control.get("/control/requests", params={"path": path}).raise_for_status().json()["count"])

    def shown(self, what: str) -> list[dict[str, Any]]:
        """All meetings or subscriptions, as the stand-in has them."""
        return list(self.control.get(f"/control/{what}").raise_for_status().json()[what])

    def read(self, meeting: Meeting) -> dict[str, Any]:
        """A meeting, as Graph tells it."""
        url = f"{self.url}/graph/v1.0/users/{meeting.organizer}/onlineMeetings/{meeting.meeting_id}"
        found: dict[str, Any] = self.graph.send(TENANT.tenant, "GET", url).raise_for_status().json()
        return found

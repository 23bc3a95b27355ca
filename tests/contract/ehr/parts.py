"""Our EHR modules, put together as the wiring does, and what tests ask of the hospital beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from sandbox.demo.browser import Browser
from shared.clock import utc_now
from shared.connections.model import Connection, ConnectionState, Content
from shared.connections.records import records
from shared.connections.telling import EhrKind
from shared.connections.webhook_secrets import WebhookSecrets
from shared.ehr.backend import Backend
from shared.ehr.basic import BasicCalls
from shared.ehr.discovery import Discovery
from shared.ehr.epic import EpicStatus
from shared.ehr.fhir import FhirTeller
from shared.ehr.kinds import Kind, Kinds
from shared.ehr.oracle import OracleTeller
from shared.ehr.smart import SmartEhr
from shared.ehr.webhook import WebhookTeller
from shared.ehr_secrets import FileSecrets, Secrets
from shared.http import guarded_client
from shared.identifiers import Environment, Role
from shared.keys import Keys
from shared.oauth import Proof, new_proof
from shared.presence.model import State
from shared.sealing import Sealer
from shared.visits.ports import EhrAnswer, EhrSignInRequest, EhrUser, StatusMessage, Told
from tests.support.connections import ANALYST, KEY
from tests.support.connector import TinyConnector, cast_settings
from tests.support.fakes import START

PREFIXES = {
    Environment.TEST: "interconnect-test-oauth",
    Environment.PRODUCTION: "interconnect-prd-oauth",
}


@dataclass
class Launch:
    """A launch under way: what was asked, and what the EHR brought the browser back with."""

    request: EhrSignInRequest
    back: dict[str, str] = field(default_factory=dict)


class Clients:
    """The connector's client for EHRs, and the tests' own for the hospital's control."""

    def __init__(self, hospital: str) -> None:
        self.hospital = hospital
        self.ehr = guarded_client(allow_loopback=True)
        self.control = httpx.Client(base_url=hospital, timeout=10)

    def close(self) -> None:
        """Leaves no connection behind."""
        self.ehr.close()
        self.control.close()


class Parts:
    """Discovery, sign-in and status call of ours."""

    def __init__(self, connector: TinyConnector, clients: Clients, folder: Path, *, keys: Keys | None = None) -> None:
        self.folder = folder
        self.passwords: Secrets = FileSecrets(folder)
        self.clients = clients
        self.hospital = clients.hospital
        self.connector = connector
        self.settings = cast_settings(connector.url)
        self.http = clients.ehr
        self.control = clients.control
        self.discovery = Discovery(self.http, self.settings, utc_now)
        self.smart_keys = keys or connector.keys
        self.smart = SmartEhr(self.http, self.discovery, self.smart_keys, self.settings, utc_now)
        self.content = self.content_of()
        self.secrets = WebhookSecrets(Sealer(self.smart_keys.data_key))
        self.teller = self.teller_with(self.http)

    @property
    def connection(self) -> Connection | None:
        """The connection that the status call is made for."""
        return Connection(KEY, self.content, ConnectionState.APPROVED, START, approved=self.content)

    def base_url(self, environment: Environment = Environment.TEST) -> str:
        """The FHIR base URL as we keep it."""
        return f"{self.hospital}/{PREFIXES[environment]}/api/FHIR/R4"

    def teller_with(self, http: httpx.Client) -> Kinds:
        """The chooser over all kinds, put together as the wiring does."""
        backend = Backend(http, self.smart, utc_now)
        kinds: dict[EhrKind, Kind] = {
            EhrKind.EPIC: EpicStatus(backend, BasicCalls(http, self.passwords, self.settings), utc_now),
            EhrKind.FHIR: FhirTeller(backend, utc_now),
            EhrKind.ORACLE: OracleTeller(backend, utc_now),
            EhrKind.WEBHOOK: WebhookTeller(http, self.secrets, utc_now),
        }
        return Kinds(lambda _: self.connection, kinds)

    def becomes(self, kind: EhrKind, **settings: Any) -> None:
        """The connection is of another kind from now on, with that kind's settings."""
        plain = self.content.model_dump(mode="json")
        plain["settings"][kind.value] = settings
        self.content = Content.model_validate({**plain, "ehr_kind": kind.value})

    def content_of(self, **status_call: Any) -> Content:
        """A connection's content; the pretend hospital has a third status, for waiting."""
        return Content.model_validate(
            {
                "fhir_base_url": self.base_url(),
                "environment": "test",
                "approver": ANALYST,
                "settings": {"status_call": {"code_waiting": "3", **status_call}},
            }
        )

    def reset(self) -> None:
        """The hospital as it was at its start, with our records pasted in."""
        self.control.post("/control/reset").raise_for_status()
        self.control.delete("/control/faults").raise_for_status()
        self.control.delete("/control/requests").raise_for_status()
        base = f"{self.connector.url}/api/launch"
        client_id = self.settings.ehr_client_id(Environment.TEST)
        for record in records(KEY, self.content, launch_base=base, client_id=client_id):
            body = {
                "environment": "test",
                "kind": record.kind.value,
                "launchUrl": record.launch_url,
                "clientId": record.client_id,
                "contextToken": record.context_token,
            }
            self.control.post("/control/records", json=body).raise_for_status()

    def fault(self, path: str, **rule: Any) -> None:
        """The hospital misbehaves."""
        rules = [{"name": "fault", "path": path, **rule}]
        self.control.post("/control/faults", json={"seed": 7, "rules": rules}).raise_for_status()

    def requests(self, path: str) -> int:
        """How often the hospital was asked for a path."""
        return int(self.control.get("/control/requests", params={"path": path}).raise_for_status().json()["count"])

    def begin(self, role: str, user: str, appointment: str, **overrides: Any) -> EhrSignInRequest:
        """The EHR's button is pressed: what our launch URL is opened with, as the sign-in request that follows."""
        body = {"environment": "test", "role": role, "user": user, "appointment": appointment}
        answer = self.control.post("/control/launches", json={**body, "overrides": overrides})
        query = parse_qs(urlsplit(answer.raise_for_status().json()["url"]).query)
        assert query["iss"] == [self.base_url()]
        redirect = f"{self.connector.url}/api/launch/callback"
        return EhrSignInRequest(self.base_url(), Environment.TEST, redirect, new_proof(), query["launch"][0])

    def launch(self, role: str, user: str, appointment: str, **overrides: Any) -> Launch:
        """An EHR launch up to our callback."""
        request = self.begin(role, user, appointment, **overrides)
        return Launch(request, self._journey(self.smart.authorize_url(request)))

    def standalone(self, proof: Proof, button: tuple[str, str] = ("user", "analyst")) -> dict[str, str]:
        """An approver's sign-in up to our callback."""
        return self._journey(
            self.smart.sign_in_url(self.base_url(), Environment.TEST, self.sign_in_redirect, proof), button
        )

    @property
    def sign_in_redirect(self) -> str:
        """Where an approver comes back."""
        return f"{self.connector.url}/api/ehr-sign-in/callback"

    def redeem(self, launch: Launch, **changes: Any) -> EhrAnswer:
        """The second leg."""
        return self.smart.redeem(launch.request, changes.get("code", launch.back.get("code", "")))

    def _journey(self, url: str, button: tuple[str, str] | None = None) -> dict[str, str]:
        browser = Browser()
        browser.open(url)
        if button:
            browser.press(*button)
        address = urlsplit(str(browser.page.url))
        assert f"{address.scheme}://{address.netloc}" == self.connector.url, browser.hops
        return {name: values[0] for name, values in parse_qs(address.query).items()}

    def message(self, state: State = State.CONNECTED, **changes: str) -> StatusMessage:
        """What the EHR is to be told."""
        user = EhrUser(changes.get("external_id", "PROV1"), changes.get("external_id_type", "1"))
        return StatusMessage(changes.get("session_id", "910001"), user, Role.PROVIDER, state, START, "key")

    def tell(self, state: State = State.CONNECTED, **changes: str) -> Told:
        """Tell it."""
        return self.teller.tell(KEY, self.message(state, **changes))

    def event(self, role: Role, state: State, **more: Any) -> StatusMessage:
        """What an EHR that names people by their FHIR resources is to be told of the visit of appointment 910001."""
        users = {
            Role.PROVIDER: EhrUser("eProviderOne1", "Practitioner"),
            Role.PATIENT: EhrUser("ePatientOne1", "Patient"),
            Role.MEETING: EhrUser("", ""),
        }
        values: dict[str, Any] = {
            "session_id": "910001",
            "user": users[role],
            "role": role,
            "state": state,
            "at": utc_now(),
            "key": f"key.{role.value}.{state.value}",
            "references": {"appointment": "eAppointment910001", "encounter": "eEncounter910001"},
        }
        return StatusMessage(**{**values, **more})

    def fhir(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """Ask the hospital's FHIR server as somebody else who may."""
        token, _ = self.smart.backend_token(self.base_url(), Environment.TEST, "system/Appointment.read")
        headers = {"Authorization": f"Bearer {token}", **arguments.pop("headers", {})}
        return self.control.request(method, f"{self.base_url()}/{path}", headers=headers, **arguments)

    def resource(self, path: str) -> dict[str, Any]:
        """One resource, or a bundle of what a search finds."""
        return dict(self.fhir("GET", path).raise_for_status().json())

    def told(self) -> list[dict[str, Any]]:
        """What the hospital was told."""
        answer = self.control.get("/control/status-calls", params={"environment": "test"})
        return list(answer.raise_for_status().json()["calls"])

"""Whatever anybody outside sends, only declared errors come out, and no planted secret gets into a log line.

| Way in | What may come out |
|---|---|
| a notification request | ConnectorError `body_not_json`, `body_invalid`, `client_state_unknown` |
| encrypted content | NotificationRefusedError |
| validation tokens | nothing: `Tenants` says it |
| a call event, and what becomes of it | nothing |
| a message of a queue | nothing |
| an EHR's answer to a status call | nothing: `Told` says it |
| an EHR's answer to discovery and sign-in | ConnectorError of the `ehr_…` and `id_token_…` codes |
| Graph's answer | ConnectorError of the `microsoft_…`, `meeting_…`, `subscription_limit` and `no_consent` codes |
| an access token | TokenRefusedError, KeysUnavailableError |
"""

from __future__ import annotations

import base64
import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions import notifications
from shared.batches import Batches
from shared.connections.model import Connection, ConnectionState, Content
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
from shared.ehr_secrets import FileSecrets
from shared.errors import ConnectorError
from shared.identifiers import Environment, Geography, Role
from shared.inbox import Inbox
from shared.jose import KeySource, KeysUnavailableError, TokenRefusedError
from shared.keys import LocalKeys
from shared.microsoft.call_events import call_event
from shared.microsoft.door import client_state
from shared.microsoft.entra import Entra
from shared.microsoft.graph import Graph
from shared.microsoft.meetings import GraphMeetings
from shared.microsoft.notifications import NotificationRefusedError, Notifications
from shared.microsoft.reports import GraphReports
from shared.oauth import SigningAlgorithm, new_proof
from shared.presence.model import State
from shared.sealing import Sealer
from shared.store.queues import pointer_from_text
from shared.store.visit_rows import rows_of
from shared.visits.model import Meeting, Subscription
from shared.visits.ports import EhrSignInRequest, EhrUser, MeetingWish, StatusMessage, Told
from shared.wiring import Connector
from tests.faults import noise
from tests.faults.noise import SECRET, TEXTS, World, answers, bodies, objects, values
from tests.support.blobs import FakeBlobs, FakeTexts
from tests.support.connections import ANALYST, BASE_URL, KEY, METADATA, SMART
from tests.support.fakes import START, Clock
from tests.support.house import House
from tests.support.notifications import encrypted, token_claims, validation_token
from tests.support.tokens import encoded, public, rsa_key, signed
from tests.support.tokens import settings as connector_settings

# Hypothesis looks at the garbage collector, which may be called where no stack is left.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.timeout(900),
]
IS_LONG = bool(os.environ.get("TEST_LONG"))
fuzz = settings(
    max_examples=1500 if IS_LONG else 60,
    derandomize=not IS_LONG,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TENANT = KEY.tenant.tenant
DOOR_NAMES = (
    "value", "validationTokens", "clientState", "tenantId", "subscriptionId", "encryptedContent", "data", "dataKey",
    "dataSignature", "encryptionCertificateId", "lifecycleEvent", "resource", "changeType", "resourceData",
)  # fmt: skip
EVENT_NAMES = (
    "eventType", "callEventType", "eventDateTime", "participants@delta", "participants@remove", "participants", "id",
    "activeParticipants@joined", "activeParticipants@exited", "isInLobby", "removedState", "info", "identity", "user",
    "guest", "application", "phone", "tenantId", "displayName",
)  # fmt: skip
TOKEN_NAMES = ("iss", "aud", "exp", "nbf", "iat", "tid", "ver", "azp", "appid", "oid", "nonce", "sub", "roles", "scp")
EHR_NAMES = (
    "Status", "ExceptionMessage", "Message", "resourceType", "id", "meta", "versionId", "status", "participant",
    "actor", "reference", "period", "start", "end", "entry", "resource", "extension", "url", "individual", "subject",
    "issue", "code", "contained", "supportingInformation", "class", "type",
)  # fmt: skip
SMART_NAMES = (
    "authorization_endpoint", "token_endpoint", "jwks_uri", "issuer", "access_token", "token_type", "expires_in",
    "id_token", "scope", "patient", "appointment", "fhirContext", "error", "keys", "kid", "kty", "n", "e",
    "token_endpoint_auth_methods_supported", "capabilities", "code_challenge_methods_supported",
    "token_endpoint_auth_signing_alg_values_supported",
)  # fmt: skip
GRAPH_NAMES = (
    "id", "joinWebUrl", "error", "message", "code", "value", "participants", "attendees", "identity", "user",
    "audioConferencing", "tollNumber", "conferenceId", "@odata.nextLink", "userPrincipalName", "attendanceRecords",
    "attendanceIntervals", "joinDateTime", "leaveDateTime", "meetingStartDateTime", "meetingEndDateTime", "sessions",
    "caller", "startDateTime", "endDateTime", "associatedIdentity", "tenantId", "innerError",
)  # fmt: skip


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> LocalKeys:
    return LocalKeys(tmp_path_factory.mktemp("keys"))


class Ear(logging.Handler):
    """Hears every log line, and keeps none."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.told_a_secret = ""

    def emit(self, record: logging.LogRecord) -> None:
        text = f"{record.getMessage()} {record.exc_text or record.exc_info or ''}"
        if SECRET in text:
            self.told_a_secret = text


@pytest.fixture(autouse=True)
def nothing_planted_is_logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever the test does, and at whatever level anybody of ours logs."""
    ear, logger = Ear(), logging.getLogger("connector")
    monkeypatch.setattr(logger, "handlers", [ear])
    monkeypatch.setattr(logger, "propagate", False)
    monkeypatch.setattr(logger, "level", logging.DEBUG)
    yield
    assert ear.told_a_secret == ""


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Connector:
    return Connector(connector_settings(local_key_directory=tmp_path_factory.mktemp("data")), Clock())


def may_raise(act: Callable[[], object], *declared: type[Exception], codes: Sequence[str] = ()) -> None:
    """Do it: nothing but what is declared may come out, and of a ConnectorError nothing but these codes."""
    came_out: Exception | None = None
    try:
        act()
    except declared as expected:
        came_out = expected
    if isinstance(came_out, ConnectorError):
        assert came_out.code.startswith(tuple(codes)), came_out.code
        assert SECRET not in "".join(came_out.facts.values())
    assert SECRET not in str(came_out)


# The door


def knock(parts: Connector, body: bytes, **query: list[str]) -> None:
    """As the function behind the door does it."""
    call: Any = SimpleNamespace(query=query, body_bytes=body, connector=parts, correlation="c")
    may_raise(
        lambda: notifications._take_in(call),
        ConnectorError,
        codes=("body_not_json", "body_invalid", "client_state_unknown"),
    )


@fuzz
@given(body=bodies(DOOR_NAMES), query=st.dictionaries(st.just("validationToken"), st.lists(TEXTS, max_size=2)))
def test_a_notification_request(parts: Connector, body: bytes, query: dict[str, list[str]]) -> None:
    knock(parts, body, **query)


@fuzz
@given(items=st.lists(objects(DOOR_NAMES), min_size=1, max_size=3), tokens=values(DOOR_NAMES))
def test_a_notification_request_with_items_of_ours(parts: Connector, items: list[dict[str, Any]], tokens: Any) -> None:
    visit = House().key()
    ours = {"clientState": client_state(parts.sealer, visit), "tenantId": visit.connection.tenant.tenant}
    body = {"value": [{**item, **ours} for item in items], "validationTokens": tokens}
    knock(parts, json.dumps(body).encode())
    knock(parts, json.dumps(body, ensure_ascii=False).encode(errors="surrogatepass"))


# Encrypted content, tokens, events


class Worker:
    """The worker behind the door: real cryptography, fake visits."""

    def __init__(self, keys: LocalKeys) -> None:
        self.house = House()
        self.blobs = FakeBlobs()
        source = KeySource(lambda: public(rsa_key()), self.house.clock)
        self.notifications = Notifications(keys, source, connector_settings())
        batches = Batches(self.house.sealer, Geography.EMEA, lambda: self.blobs, FakeTexts)
        self.inbox = Inbox(self.notifications, self.house.attendance, self.house.upkeep, batches)


BASE64 = st.one_of(st.binary(max_size=80).map(lambda raw: base64.b64encode(raw).decode()), TEXTS)


@fuzz
@given(
    changes=st.dictionaries(
        st.sampled_from(["data", "dataKey", "dataSignature", "encryptionCertificateId"]), BASE64, max_size=4
    ),
    missing=st.sets(st.sampled_from(["data", "dataKey", "dataSignature", "encryptionCertificateId"]), max_size=2),
    raw=st.one_of(st.none(), bodies(EVENT_NAMES)),
)
def test_encrypted_content(keys: LocalKeys, changes: dict[str, str], missing: set[str], raw: bytes | None) -> None:
    content = {**encrypted(keys, {"a": SECRET}, raw=raw), **changes}
    kept = {name: value for name, value in content.items() if name not in missing}
    may_raise(lambda: Worker(keys).notifications.open(kept), NotificationRefusedError)


def tokens() -> st.SearchStrategy[str]:
    """Tokens of every kind of wrongness: any text, any claims under a real signature, any header over real claims."""
    claims = objects(TOKEN_NAMES).map(lambda changes: signed(rsa_key(), {**token_claims(TENANT), **changes}))
    headers = objects(("alg", "kid", "typ", "jku", "jwk", "x5u", "crit", "b64"))
    parts = st.one_of(
        st.binary(max_size=20).map(encoded), TEXTS, headers.map(lambda header: encoded(json.dumps(header)))
    )
    return st.one_of(
        claims,
        headers.map(lambda header: ".".join([encoded(json.dumps(header)), *validation_token(TENANT).split(".")[1:]])),
        st.tuples(parts, parts, parts).map(".".join),
        TEXTS,
        st.just(encoded(b"[" * 10_000) + "." + encoded(b"[" * 10_000) + "."),
    )


@fuzz
@given(token=tokens())
def test_validation_tokens(keys: LocalKeys, token: str) -> None:
    worker = Worker(keys)
    may_raise(lambda: worker.notifications.vouched_tenants((token,), START))


@fuzz
@given(token=tokens())
def test_access_tokens(token: str) -> None:
    http = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, json=public(rsa_key()))))
    entra = Entra(http, lambda _: "assertion", connector_settings(), Clock())
    may_raise(lambda: entra.caller(token), TokenRefusedError, KeysUnavailableError)


@fuzz
@given(resources=st.lists(objects(EVENT_NAMES), min_size=1, max_size=3))
def test_call_events_and_what_becomes_of_them(resources: list[dict[str, Any]]) -> None:
    house = House()
    house.patient_launch()
    house.provider_launch()
    for resource in resources:
        received = house.clock()
        house.attendance.note(house.key(), [call_event(resource, received)])
        house.clock.forward(30)
        house.upkeep.sweep()
        rows_of(house.visit(), Sealer(b"k" * 32))
    house.work_until_quiet()
    house.upkeep.is_over(house.visit())
    assert SECRET not in repr(rows_of(house.visit(), Sealer(b"k" * 32)))
    assert all(not one.unsettled for one in house.visit().participants.values())


# Queues


@fuzz
@given(
    content=st.one_of(TEXTS, bodies(("visit", "participant", "baton")).map(lambda raw: raw.decode(errors="replace")))
)
def test_pointers(content: str) -> None:
    pointer = pointer_from_text(Geography.EMEA, content)
    if pointer is not None:
        House().outbox.deliver(pointer)


@fuzz
@given(
    content=st.one_of(
        TEXTS,
        bodies(("items", "tokens", "received", "blob", "visit", "tries")).map(lambda raw: raw.decode(errors="replace")),
    ),
    is_sealed=st.booleans(),
)
def test_messages_of_the_queue_of_notifications(keys: LocalKeys, *, content: str, is_sealed: bool) -> None:
    worker = Worker(keys)
    if is_sealed and "\ud800" not in content:
        content = worker.house.sealer.seal("notifications", content)
    worker.inbox.work(content)


@fuzz
@given(
    changes=st.dictionaries(st.sampled_from(["items", "tokens", "received", "tries"]), values(DOOR_NAMES)),
    item=st.dictionaries(
        st.sampled_from(["visit", "tenant", "subscription", "encrypted", "lifecycle"]), values(DOOR_NAMES)
    ),
)
def test_messages_of_another_version_of_ours(keys: LocalKeys, changes: dict[str, Any], item: dict[str, Any]) -> None:
    worker = Worker(keys)
    plain = {
        "visit": worker.house.key().routing,
        "tenant": TENANT,
        "subscription": "",
        "encrypted": {},
        "lifecycle": "",
    }
    content = {"received": START.isoformat(), "tries": 0, "tokens": [], "items": [{**plain, **item}], **changes}
    worker.inbox.work(worker.house.sealer.seal("notifications", json.dumps(content)))


# EHRs


KINDS: Mapping[EhrKind, Mapping[str, Any]] = {
    EhrKind.EPIC: {},
    EhrKind.FHIR: {
        "patient_connected": "arrived",
        "appointment_fulfilled": True,
        "encounter_status": True,
        "encounter_periods": True,
        "encounter_finished": True,
        "audit_event": True,
        "virtual_service": True,
    },
    EhrKind.ORACLE: {"patient_connected": "arrived", "appointment_fulfilled": True, "video_links": True},
    EhrKind.WEBHOOK: {"url": "https://hook.example/in"},
}


class OneToken:
    """Backend tokens without an EHR."""

    def backend_token(
        self, base_url: str, environment: Environment, scope: str, algorithm: SigningAlgorithm
    ) -> tuple[str, timedelta]:
        return SECRET, timedelta(minutes=5)


def teller(kind: EhrKind, http: httpx.Client, folder: Path) -> Kinds:
    plain: dict[str, Any] = {"fhir_base_url": BASE_URL, "environment": "test", "approver": ANALYST}
    settings_of_kind = {} if kind is EhrKind.EPIC else {kind.value: KINDS[kind]}
    content = Content.model_validate({**plain, "ehr_kind": kind.value, "settings": settings_of_kind})
    connection = Connection(KEY, content, ConnectionState.APPROVED, START, approved=content)
    backend, clock = Backend(http, OneToken(), Clock()), Clock()
    kinds: dict[EhrKind, Kind] = {
        EhrKind.EPIC: EpicStatus(backend, BasicCalls(http, FileSecrets(folder), connector_settings()), clock),
        EhrKind.FHIR: FhirTeller(backend, clock),
        EhrKind.ORACLE: OracleTeller(backend, clock),
        EhrKind.WEBHOOK: WebhookTeller(http, WebhookSecrets(Sealer(b"k" * 32)), clock),
    }
    return Kinds(lambda _: connection, {kind: kinds[kind]})


def message(role: Role, state: State) -> StatusMessage:
    references = {"appointment": "eAppointment1", "encounter": "eEncounter1"}
    user = EhrUser(SECRET.replace("-", ""), "Practitioner" if role is Role.PROVIDER else "Patient")
    return StatusMessage(
        "910001", user, role, state, START, "key", references=references, join_url="https://teams.example/x", last=True
    )


@fuzz
@pytest.mark.parametrize("kind", KINDS)
@given(
    said=st.lists(answers(EHR_NAMES), min_size=1, max_size=4),
    who=st.sampled_from([Role.PATIENT, Role.PROVIDER, Role.MEETING]),
    state=st.sampled_from(State),
)
def test_answers_to_a_status_call(
    kind: EhrKind, tmp_path: Path, said: list[httpx.Response | Exception], who: Role, state: State
) -> None:
    world = World(said)
    told = teller(kind, world.http, tmp_path)
    if state in told.abilities(KEY).of(who):
        check(told.tell(KEY, message(who, state)))
    check(told.try_out(KEY))


def check(told: Told) -> None:
    """What is noted of it names nobody and says nothing of the EHR's own text."""
    assert SECRET not in told.reason
    assert len(told.reason) < 100
    if told.retry_after is not None:
        assert timedelta() < told.retry_after <= timedelta(hours=2)


@fuzz
@given(
    said=st.lists(answers(SMART_NAMES), min_size=1, max_size=4),
    healthy=st.integers(0, 2),
    what=st.sampled_from(["redeem", "backend", "url", "keys", "finish", "fetch"]),
)
def test_answers_to_discovery_and_sign_in(
    keys: LocalKeys, said: list[httpx.Response | Exception], healthy: int, what: str
) -> None:
    good = [
        noise._answer(200, [], json.dumps(one).encode()) for one in (SMART, {"access_token": "t", "expires_in": 60})
    ]
    world = World([*good[:healthy], *said])
    discovery = Discovery(world.http, connector_settings(), Clock())
    smart = SmartEhr(world.http, discovery, keys, connector_settings(), Clock())
    request = EhrSignInRequest(BASE_URL, Environment.TEST, "https://connector.example/back", new_proof(), "launch")
    acts: dict[str, Callable[[], object]] = {
        "redeem": lambda: smart.redeem(request, "code"),
        "backend": lambda: smart.backend_token(BASE_URL, Environment.TEST, "system/*.read"),
        "url": lambda: smart.authorize_url(request),
        "keys": lambda: discovery.keys(f"{BASE_URL}/jwks", Environment.TEST).key(SECRET),
        "finish": lambda: smart.finish_sign_in(BASE_URL, Environment.TEST, "https://c.example", new_proof(), "code"),
        "fetch": lambda: discovery.fetch(f"{BASE_URL}/metadata", Environment.TEST),
    }
    declared = (ConnectorError, TokenRefusedError, KeysUnavailableError) if what == "keys" else (ConnectorError,)
    may_raise(acts[what], *declared, codes=("ehr_", "id_token_", "launch_", "keys_"))
    assert METADATA


# Graph


@fuzz
@given(
    said=st.lists(answers(GRAPH_NAMES), min_size=1, max_size=5),
    what=st.sampled_from(
        ["make", "configure", "join", "subscribe", "renew", "end", "policy", "find", "attendance", "records", "record"]
    ),
)
def test_answers_of_graph(keys: LocalKeys, said: list[httpx.Response | Exception], what: str) -> None:
    world = World(said)
    naps: list[float] = []
    graph = Graph(world.http, lambda _: "token", naps.append)
    house = House()
    meetings = GraphMeetings(graph, keys, connector_settings(), lambda key: "state", house.clock)
    reports = GraphReports(graph, connector_settings())
    tenant, meeting = KEY.tenant, Meeting("id", "https://teams.example/l/1", ANALYST)
    wish = MeetingWish("external", "subject", START, START + timedelta(hours=1))
    until = START + timedelta(hours=1)
    acts: dict[str, Callable[[], object]] = {
        "make": lambda: meetings.create_or_get(tenant, ANALYST, wish),
        "configure": lambda: meetings.configure(tenant, meeting, ()),
        "join": lambda: meetings.configure(tenant, meeting, (ANALYST,)),
        "subscribe": lambda: meetings.subscribe(house.key(), meeting, until),
        "renew": lambda: meetings.renew(tenant, Subscription("s", START), until),
        "end": lambda: meetings.unsubscribe(tenant, Subscription("s", START)),
        "policy": lambda: meetings.may_organise(tenant, ANALYST),
        "find": lambda: meetings.find(tenant, "somebody@example.test"),
        "attendance": lambda: reports.attendance(tenant, meeting, START),
        "records": lambda: reports.records(tenant, START, until),
        "record": lambda: reports.record(tenant, "record"),
    }
    may_raise(acts[what], ConnectorError, codes=("microsoft_", "meeting_", "subscription_limit", "no_consent"))
    assert all(0 <= nap <= 5 for nap in naps)


@pytest.mark.parametrize(
    "participants",
    [None, 5, [None], {"attendees": "x"}, {"attendees": [None, {}, {"identity": 5}, {"identity": {"user": [5]}}]}],
)
def test_attendees_of_another_shape_do_not_keep_a_meeting_from_being_configured(
    keys: LocalKeys, participants: object
) -> None:
    world = World([noise._answer(200, [], json.dumps({"participants": participants}).encode())])
    graph = Graph(world.http, lambda _: "token", lambda _: None)
    meetings = GraphMeetings(graph, keys, connector_settings(), lambda _: "state", Clock())
    meetings.configure(KEY.tenant, Meeting("id", "https://teams.example/l/1", ANALYST), (ANALYST,))
    sent = json.loads(world.asked[-1].content)["participants"]["attendees"]
    assert sent[-1]["identity"] == {"user": {"id": ANALYST}}

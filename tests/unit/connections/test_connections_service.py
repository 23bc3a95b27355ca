"""What administrators and approvers do, on fakes: above all, who may approve what, and with which proof."""

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from shared.connections.doctor import Doctor
from shared.connections.model import PROOF_LIFETIME, SIGN_IN_LIFETIME, Action, Connection, ConnectionState
from shared.connections.service import PROOF, SIGN_IN, Connections, Wish
from shared.connections.webhook_secrets import WebhookSecrets
from shared.errors import ConnectorError
from shared.identifiers import ConnectionKey, Environment, TenantKey, connection_key, new_connection_id
from shared.sealing import Sealer
from tests.support.connections import (
    ADMIN,
    ANALYST,
    BASE_URL,
    KEY,
    OTHER_TENANT,
    SECOND_ANALYST,
    TENANT,
    FakeConnections,
    FakeDirectory,
    FakeEhrSignIn,
    ScriptedProbe,
)
from tests.support.fakes import Clock

USERS = {
    (TENANT, "analyst@hospital.example"): ANALYST,
    (TENANT, "second@hospital.example"): SECOND_ANALYST,
    (OTHER_TENANT, "analyst@other.example"): "bbbbbbbb-0000-4000-8000-0000000000a2",
}
REDIRECT = "https://connector.example/api/ehr-sign-in/callback"


class Desk:
    """The use cases with everything around them."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.store = FakeConnections()
        self.directory = FakeDirectory(USERS)
        self.probe = ScriptedProbe().healthy()
        self.ehr = FakeEhrSignIn()
        self.sealer = Sealer(b"k" * 32)
        self.use = Connections(
            store=self.store,
            directory=self.directory,
            doctor=Doctor(self.probe, allow_loopback=False),
            ehr=self.ehr,
            sealer=self.sealer,
            now=self.clock,
            redirect_uri=REDIRECT,
        )

    def submit(self, tenant: TenantKey = TENANT, **changes: Any) -> Connection:
        name = next(name for where, name in USERS if where == tenant)
        wish = {"fhir_base_url": f"{BASE_URL}/", "environment": "test", "approver": name, **changes}
        return self.use.submit(tenant, Wish.model_validate(wish), ADMIN)[0]

    def edit(self, connection: Connection, **changes: Any) -> Connection:
        wish = {"fhir_base_url": BASE_URL, "environment": "test", "approver": "analyst@hospital.example", **changes}
        return self.use.edit(connection.key, Wish.model_validate(wish), connection.version, ADMIN)[0]

    def proof(self, connection: Connection, actor: str = ANALYST) -> str:
        start = self.use.start_sign_in(connection.key, actor)
        session = self.use.sign_in_session(start.cookie, start.state)
        return self.use.finish_sign_in(connection.key, session, "good")

    def approve(self, connection: Connection, proof: str, actor: str = ANALYST) -> Connection:
        return self.use.approve(connection.key, connection.content.fingerprint, proof, actor)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(ConnectorError) as caught:
        act()
    return caught.value.code


def test_a_connection_is_stored_normalised_with_its_approver_as_object_id(desk: Desk) -> None:
    made = desk.submit(approver=" Analyst@hospital.example ")
    assert (made.content.fhir_base_url, made.content.approver) == (BASE_URL, ANALYST)
    assert made.state is ConnectionState.NEEDS_APPROVAL
    assert connection_key(TENANT.geography, made.key.connection) == made.key
    (entry,) = desk.store.history(made.key)
    assert (entry.actor, entry.action, entry.at) == (ADMIN, Action.SUBMITTED, desk.clock())


def test_a_sick_ehr_is_stored_and_told_but_an_impossible_url_is_not(desk: Desk) -> None:
    desk.probe.trouble("metadata", "too_slow")
    connection, checkup = desk.use.submit(
        TENANT,
        Wish(fhir_base_url=BASE_URL, environment=Environment.TEST, approver="analyst@hospital.example"),
        ADMIN,
    )
    assert not checkup.is_well
    assert desk.store.read(connection.key) == connection
    for url in ("http://ehr.example", "https://10.0.0.1/R4", "", "https://u@ehr.example/"):
        assert refusal(lambda url=url: desk.submit(fhir_base_url=url)) == "url_refused"  # type: ignore[misc]
    assert len(desk.store.kept) == 1


@pytest.mark.parametrize(
    "url", ["http://ehr.example", "https://169.254.169.254", "https://localhost", "x y", "https://"]
)
def test_the_status_calls_own_base_url_is_held_to_the_same_rules(desk: Desk, url: str) -> None:
    assert refusal(lambda: desk.submit(settings={"status_call": {"base_url": url}})) == "url_refused"
    assert desk.store.kept == {}


def test_the_status_calls_own_base_url_is_normalised(desk: Desk) -> None:
    made = desk.submit(settings={"status_call": {"base_url": " https://Interconnect.example:443/prd/ "}})
    assert made.content.settings.status_call.base_url == "https://interconnect.example/prd"
    assert desk.edit(made, settings={"status_call": {"base_url": ""}}).content.settings.status_call.base_url == ""


@pytest.mark.parametrize("approver", ["nobody@hospital.example", "analyst@other.example", "", " "])
def test_an_approver_whom_the_tenant_does_not_know_is_refused(desk: Desk, approver: str) -> None:
    assert refusal(lambda: desk.submit(approver=approver)) == "approver_unknown"
    assert desk.store.kept == {}


@pytest.mark.parametrize(
    "url", [None, "", "nowhere", "http://receiver.example/", "https://10.0.0.1/", "https://user:word@receiver.example/"]
)
def test_a_webhook_has_an_address_that_may_be_called(desk: Desk, url: str | None) -> None:
    assert refusal(lambda: desk.submit(ehr_kind="webhook", settings={"webhook": {"url": url}})) == "webhook_url_refused"


def test_the_secret_is_that_of_what_is_approved(desk: Desk) -> None:
    def webhook(version: int) -> dict[str, Any]:
        address = {"url": "https://receiver.example/hook?a=b", "secret_version": version}
        return {"ehr_kind": "webhook", "settings": {"webhook": address}}

    made = desk.submit(**webhook(4))
    version, first = desk.use.webhook_secret(made.key, ADMIN)
    assert version == 4
    assert len(base64.b64decode(first.removeprefix("whsec_"), validate=True)) == 32
    approved = desk.approve(made, desk.proof(made))
    edited = desk.edit(approved, **webhook(5))
    assert desk.use.webhook_secret(made.key, ADMIN) == (4, first)
    desk.approve(edited, desk.proof(edited))
    assert desk.use.webhook_secret(made.key, ADMIN) == (5, WebhookSecrets(desk.sealer).shown(made.key, 5))
    assert first != desk.use.webhook_secret(made.key, ADMIN)[1]
    newest = desk.store.history(made.key)[0]
    assert (newest.action, newest.actor, newest.reason) == (Action.READ_KEY, ADMIN, "5")
    assert not any("whsec" in entry.reason for entry in desk.store.history(made.key))


def test_no_two_connections_share_a_secret(desk: Desk) -> None:
    secrets = WebhookSecrets(desk.sealer)
    keys = [connection_key(tenant.geography, new_connection_id(tenant.tenant)) for tenant in (TENANT, OTHER_TENANT)]
    found = {secrets.key(key, version) for key in (*keys, KEY) if key for version in (1, 2, 12, 21)}
    assert len(found) == 12


def test_what_is_no_webhook_has_no_secret(desk: Desk) -> None:
    made = desk.submit()
    assert refusal(lambda: desk.use.webhook_secret(made.key, ADMIN)) == "not_a_webhook"


def test_a_base_url_is_there_once_in_a_tenant(desk: Desk) -> None:
    first = desk.submit()
    assert refusal(lambda: desk.submit(fhir_base_url=f"{BASE_URL}/metadata", environment="production")) == (
        "connection_exists"
    )
    assert desk.edit(first, environment="production").content.environment is Environment.PRODUCTION
    second = desk.submit(fhir_base_url="https://second.example/R4")
    assert refusal(lambda: desk.edit(second)) == "connection_exists"
    assert desk.submit(OTHER_TENANT).content.fhir_base_url == BASE_URL


def test_two_tenants_do_not_see_each_others_connections(desk: Desk) -> None:
    mine, theirs = desk.submit(), desk.submit(OTHER_TENANT)
    assert [one.key for one in desk.use.list(TENANT)] == [mine.key]
    assert [one.key for one in desk.use.list(OTHER_TENANT)] == [theirs.key]
    crossed = ConnectionKey(OTHER_TENANT, mine.key.connection)
    assert refusal(lambda: desk.use.get(crossed)) == "connection_unknown"
    assert refusal(lambda: desk.use.start_sign_in(crossed, ANALYST)) == "connection_unknown"
    assert refusal(lambda: desk.use.delete(crossed, mine.version, ADMIN)) == "connection_unknown"
    assert desk.use.other_environment(crossed, BASE_URL) is Environment.TEST
    assert desk.use.other_environment(mine.key, BASE_URL) is None


def test_connections_are_listed_in_the_order_of_their_changes(desk: Desk) -> None:
    for number in range(3):
        desk.clock.forward(60)
        desk.submit(fhir_base_url=f"https://ehr-{number}.example/R4")
    urls = [one.content.fhir_base_url for one in desk.use.list(TENANT)]
    assert urls == [f"https://ehr-{number}.example/R4" for number in range(3)]


def test_only_the_present_version_is_edited_or_deleted(desk: Desk) -> None:
    first = desk.submit()
    second = desk.edit(first, environment="production")
    assert refusal(lambda: desk.edit(first)) == "connection_changed"
    assert refusal(lambda: desk.use.delete(first.key, first.version, ADMIN)) == "connection_changed"
    desk.use.delete(first.key, second.version, ADMIN)
    assert refusal(lambda: desk.use.get(first.key)) == "connection_unknown"
    assert [entry.action for entry in desk.store.history(first.key)] == [
        Action.DELETED,
        Action.EDITED,
        Action.SUBMITTED,
    ]


def test_the_approver_signs_in_at_the_ehr_and_approves(desk: Desk) -> None:
    connection = desk.submit()
    start = desk.use.start_sign_in(connection.key, ANALYST)
    assert parse_qs(urlsplit(start.url).query)["state"] == [start.state]
    ((base_url, environment, redirect, proof),) = desk.ehr.sent
    assert (base_url, environment, redirect, proof.state) == (BASE_URL, Environment.TEST, REDIRECT, start.state)
    assert proof.verifier not in start.url
    assert proof.verifier not in start.cookie
    session = desk.use.sign_in_session(start.cookie, start.state)
    sealed = desk.use.finish_sign_in(connection.key, session, "good")
    assert desk.ehr.finished == desk.ehr.sent
    assert proof.verifier not in desk.sealer.open(PROOF, sealed)
    approved = desk.approve(connection, sealed)
    assert approved.state is ConnectionState.APPROVED
    assert desk.store.read(connection.key) == approved


def test_the_approvers_sign_in_is_signed_as_the_revision_says(desk: Desk) -> None:
    connection = desk.submit()
    desk.proof(connection)
    desk.proof(desk.edit(connection, settings={"signing_algorithm": "RS384"}))
    assert desk.ehr.algorithms == ["auto", "RS384"]


def test_only_the_approver_is_sent_to_the_ehr(desk: Desk) -> None:
    connection = desk.submit()
    for actor in (ADMIN, SECOND_ANALYST, ""):
        assert refusal(lambda actor=actor: desk.use.start_sign_in(connection.key, actor)) == "not_approver"  # type: ignore[misc]
    assert desk.ehr.sent == []
    assert refusal(lambda: desk.use.start_sign_in(KEY, ANALYST)) == "connection_unknown"


def test_without_a_proof_nothing_is_approved(desk: Desk) -> None:
    connection = desk.submit()
    start = desk.use.start_sign_in(connection.key, ANALYST)
    under_way_as_proof = desk.sealer.seal(PROOF, "{}")
    for cookie in ("", "garbage", start.cookie, under_way_as_proof, desk.sealer.seal("other", "{}")):
        assert refusal(lambda cookie=cookie: desk.approve(connection, cookie)) == "ehr_sign_in_missing"  # type: ignore[misc]
    assert desk.store.read(connection.key) == connection


def test_a_sign_in_that_is_under_way_proves_nothing_even_if_sealed_as_proof(desk: Desk) -> None:
    connection = desk.submit()
    start = desk.use.start_sign_in(connection.key, ANALYST)
    resealed = desk.sealer.seal(PROOF, desk.sealer.open(SIGN_IN, start.cookie))
    assert refusal(lambda: desk.approve(connection, resealed)) == "ehr_sign_in_missing"


def test_a_proof_of_another_stamp_proves_nothing(desk: Desk) -> None:
    connection = desk.submit()
    plain = desk.sealer.open(PROOF, desk.proof(connection))
    assert refusal(lambda: desk.approve(connection, Sealer(b"x" * 32).seal(PROOF, plain))) == "ehr_sign_in_missing"


def test_a_proof_is_bound_to_its_connection(desk: Desk) -> None:
    first = desk.submit()
    second = desk.submit(fhir_base_url="https://second.example/R4")
    assert refusal(lambda: desk.approve(second, desk.proof(first))) == "ehr_sign_in_missing"


def test_a_proof_is_bound_to_the_revision(desk: Desk) -> None:
    first = desk.submit()
    proof = desk.proof(first)
    second = desk.edit(first, environment="production")
    assert refusal(lambda: desk.approve(first, proof)) == "revision_changed"
    assert refusal(lambda: desk.approve(second, proof)) == "ehr_sign_in_missing"
    assert desk.approve(second, desk.proof(second)).state is ConnectionState.APPROVED


def test_a_proof_is_bound_to_the_approver(desk: Desk) -> None:
    first = desk.submit()
    proof = desk.proof(first)
    assert refusal(lambda: desk.approve(first, proof, SECOND_ANALYST)) == "not_approver"
    handed_over = desk.edit(first, approver="second@hospital.example")
    assert refusal(lambda: desk.approve(handed_over, proof, SECOND_ANALYST)) == "ehr_sign_in_missing"
    assert refusal(lambda: desk.approve(handed_over, proof, ANALYST)) == "not_approver"


def test_a_proof_runs_out(desk: Desk) -> None:
    connection = desk.submit()
    proof = desk.proof(connection)
    desk.clock.present += PROOF_LIFETIME
    assert refusal(lambda: desk.approve(connection, proof)) == "ehr_sign_in_missing"
    desk.clock.present -= timedelta(seconds=1)
    assert desk.approve(connection, proof).state is ConnectionState.APPROVED


def test_a_callback_belongs_to_the_browser_that_began(desk: Desk) -> None:
    connection = desk.submit()
    mine, theirs = (desk.use.start_sign_in(connection.key, ANALYST) for _ in range(2))
    for cookie, state in (
        (mine.cookie, theirs.state),
        (theirs.cookie, mine.state),
        ("", mine.state),
        ("garbage", mine.state),
        (mine.cookie, ""),
        (desk.proof(connection), ""),
    ):
        assert refusal(lambda cookie=cookie, state=state: desk.use.sign_in_session(cookie, state)) == (  # type: ignore[misc]
            "launch_not_started"
        )
    assert desk.use.sign_in_session(mine.cookie, mine.state).approver == ANALYST


def test_a_sign_in_runs_out(desk: Desk) -> None:
    start = desk.use.start_sign_in(desk.submit().key, ANALYST)
    desk.clock.present += SIGN_IN_LIFETIME
    assert refusal(lambda: desk.use.sign_in_session(start.cookie, start.state)) == "launch_not_started"


def test_a_sign_in_that_the_ehr_refuses_proves_nothing(desk: Desk) -> None:
    connection = desk.submit()
    start = desk.use.start_sign_in(connection.key, ANALYST)
    session = desk.use.sign_in_session(start.cookie, start.state)
    assert refusal(lambda: desk.use.finish_sign_in(connection.key, session, "bad")) == "ehr_token_refused"
    desk.edit(connection, environment="production")
    assert refusal(lambda: desk.use.finish_sign_in(connection.key, session, "good")) == "revision_changed"
    assert desk.ehr.finished == []


def test_sending_back_needs_no_sign_in_but_the_approver(desk: Desk) -> None:
    connection = desk.submit()
    seen = connection.content.fingerprint
    assert refusal(lambda: desk.use.send_back(connection.key, seen, "no", ADMIN)) == "not_approver"
    assert desk.use.send_back(connection.key, seen, "no", ANALYST).state is ConnectionState.SENT_BACK
    assert desk.ehr.sent == []


def test_suspending_and_resuming_are_kept(desk: Desk) -> None:
    key = desk.submit().key
    assert desk.use.suspend(key, "incident", ADMIN).suspended
    assert not desk.use.resume(key, ADMIN).suspended
    assert refusal(lambda: desk.use.resume(key, ADMIN)) == "state_not_allowed"


def test_a_launch_of_the_other_environment_is_recognised(desk: Desk) -> None:
    test = desk.submit()
    desk.submit(fhir_base_url="https://prd.example/api/FHIR/R4", environment="production")
    for iss in ("https://prd.example/api/FHIR/R4", "https://PRD.example/api/FHIR/R4/"):
        assert desk.use.other_environment(test.key, iss) is Environment.PRODUCTION
    for iss in ("https://prd.example/api/FHIR", "", "nonsense", BASE_URL):
        assert desk.use.other_environment(test.key, iss) is None


def test_the_approvers_name_is_the_directorys_not_ours(desk: Desk) -> None:
    connection = desk.submit()
    found = desk.use.directory.find(connection.key.tenant, connection.content.approver)
    assert found is not None
    assert found.user_name == "analyst@hospital.example"
    assert "analyst@" not in repr(desk.store.kept)

"""Our SMART client against the pretend hospital: both launches, both algorithms, and every wrong id token."""

import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from shared.checklist import Checklist
from shared.connections.model import Content
from shared.errors import ConnectorError
from shared.identifiers import Environment
from shared.keys import LocalKeys
from shared.oauth import new_proof
from shared.visits.ports import Told
from tests.contract.ehr.parts import Launch, Parts

TOKEN = "/oauth2/token"
WELL_KNOWN = r"\.well-known/smart-configuration"


def refusal(ehr: Parts, launch: Launch, **changes: Any) -> tuple[str, str]:
    with pytest.raises(ConnectorError) as caught:
        ehr.redeem(launch, **changes)
    return caught.value.code, caught.value.facts.get("claim", "")


def only(ehr: Parts, algorithm: str) -> None:
    """The hospital says that it takes this algorithm alone."""
    url = f"{ehr.base_url()}/.well-known/smart-configuration"
    body = ehr.control.get(url).raise_for_status().json()
    ehr.fault(WELL_KNOWN, status=200, body={**body, "token_endpoint_auth_signing_alg_values_supported": [algorithm]})


def test_a_clinicians_launch_brings_what_the_record_asks_for(ehr: Parts) -> None:
    launch = ehr.launch("provider", "provider-one", "one-to-one")
    assert launch.back["state"] == launch.request.proof.state
    answer = ehr.redeem(launch)
    assert answer.subject == "eProviderOne1"
    expected = {"sessionId": "910001", "externalId": "PROV1", "externalIdType": "1"}
    assert expected.items() <= answer.fields.items()
    assert "departmentId" in answer.fields
    assert not answer.fields.keys() & {"access_token", "id_token", "refresh_token", "scope", "expires_in", "state"}
    assert all(isinstance(value, str) for value in answer.fields.values())


def test_a_patients_launch_brings_the_patient(ehr: Parts) -> None:
    answer = ehr.redeem(ehr.launch("patient", "patient-one", "one-to-one"))
    assert answer.subject == "ePatientOne1"
    assert {"sessionId": "910001", "externalId": "Z900001", "externalIdType": "2"}.items() <= answer.fields.items()


@pytest.mark.parametrize(
    ("role", "user", "who"), [("provider", "provider-one", "PROV1"), ("patient", "patient-two", "Z900002")]
)
def test_a_group_launch_brings_the_conference(ehr: Parts, role: str, user: str, who: str) -> None:
    fields = ehr.redeem(ehr.launch(role, user, "group")).fields
    assert {"sessionId": "950005", "externalId": who, "visit": "group"}.items() <= fields.items()


@pytest.mark.parametrize(
    ("role", "user", "resource"),
    [
        ("provider", "provider-one", "Practitioner/eProviderOne1"),
        ("patient", "patient-one", "Patient/ePatientOne1"),
    ],
)
def test_a_launch_says_whose_resource_the_user_is(ehr: Parts, role: str, user: str, resource: str) -> None:
    answer = ehr.redeem(ehr.launch(role, user, "one-to-one"))
    assert answer.fhir_user == f"{ehr.base_url()}/{resource}"
    odd = ehr.redeem(ehr.launch(role, user, "one-to-one", idToken={"fhirUser": 7}))
    assert odd.fhir_user == ""


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ([{"reference": "Appointment/a-1"}], "a-1"),
        ([{"reference": "Appointment/a-1", "role": "launch"}, {"reference": "Task/t"}], "a-1"),
        ([{"reference": "https://ehr.example/r4/Appointment/a-1"}], "a-1"),
        (["Appointment/a-1"], "a-1"),
        ([{"reference": "Appointment/a-1", "role": "previous"}], None),
        ([{"reference": "Appointment/a-1"}, {"reference": "Appointment/a-2"}], None),
        ([{"reference": "Appointment/../x"}], None),
        ([{"reference": ["Appointment/a-1"]}, 7, None], None),
        ({"reference": "Appointment/a-1"}, None),
    ],
)
def test_the_appointment_may_stand_in_the_fhir_context(ehr: Parts, context: Any, expected: str | None) -> None:
    launch = ehr.launch("provider", "provider-one", "one-to-one", context={"fhirContext": context, "appointment": None})
    assert ehr.redeem(launch).fields.get("appointment") == expected


def test_the_authorize_url_is_what_smart_prescribes(ehr: Parts) -> None:
    request = ehr.begin("provider", "provider-one", "one-to-one")
    query = parse_qs(urlsplit(ehr.smart.authorize_url(request)).query)
    assert query == {
        "response_type": ["code"],
        "client_id": [ehr.settings.ehr_client_id(Environment.TEST)],
        "redirect_uri": [f"{ehr.connector.url}/api/launch/callback"],
        "scope": ["launch openid fhirUser profile"],
        "state": [request.proof.state],
        "nonce": [request.proof.nonce],
        "aud": [ehr.base_url()],
        "code_challenge": [request.proof.challenge],
        "code_challenge_method": ["S256"],
        "launch": [request.launch],
    }
    assert len(request.proof.state) >= 22  # 128 bits in base64


def test_an_analyst_signs_in_standalone_and_nothing_is_kept(ehr: Parts) -> None:
    proof = new_proof()
    back = ehr.standalone(proof)
    assert back["state"] == proof.state
    where = (ehr.base_url(), Environment.TEST, ehr.sign_in_redirect)
    ehr.smart.finish_sign_in(*where, proof, back["code"])
    with pytest.raises(ConnectorError, match="ehr_token_refused"):
        ehr.smart.finish_sign_in(*where, proof, back["code"])


def test_an_analyst_may_turn_back(ehr: Parts) -> None:
    assert ehr.standalone(new_proof(), ("cancel", "yes"))["error"] == "access_denied"


@pytest.mark.parametrize("algorithm", ["ES384", "RS384"])
def test_the_ehr_knows_us_by_either_algorithm(ehr: Parts, algorithm: str) -> None:
    only(ehr, algorithm)
    assert ehr.redeem(ehr.launch("provider", "provider-one", "one-to-one")).subject == "eProviderOne1"
    token, lifetime = ehr.smart.backend_token(ehr.base_url(), Environment.TEST, "system/Appointment.read")
    assert token
    assert 0 < lifetime.total_seconds() <= 3600


class Watched:
    """Keys that note what they signed with, and look at what they sign."""

    def __init__(self, ehr: Parts) -> None:
        self.used: list[str] = []
        self._ehr = ehr

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ehr.connector.keys, name)

    def sign(self, environment: Environment, algorithm: Any, claims: Any) -> str:
        self.used.append(algorithm)
        assert 0 < claims["exp"] - claims["iat"] <= 300
        assert claims["iat"] <= time.time()
        assert claims["iss"] == claims["sub"] == self._ehr.settings.ehr_client_id(environment)
        return self._ehr.connector.keys.sign(environment, algorithm, claims)


def test_without_a_word_from_the_ehr_es384_is_used(ehr: Parts) -> None:
    watched: Any = Watched(ehr)
    parts = Parts(ehr.connector, ehr.clients, ehr.folder, keys=watched)
    for _ in range(2):
        parts.smart.backend_token(ehr.base_url(), Environment.TEST, "system/Appointment.read")
    assert watched.used == ["ES384", "ES384"]


@pytest.mark.parametrize("chosen", ["ES384", "RS384"])
def test_an_algorithm_that_was_chosen_is_used_for_everything(ehr: Parts, chosen: Any) -> None:
    watched: Any = Watched(ehr)
    parts = Parts(ehr.connector, ehr.clients, ehr.folder, keys=watched)
    launch = parts.launch("provider", "provider-one", "one-to-one")
    parts.smart.redeem(replace(launch.request, algorithm=chosen), launch.back["code"])
    proof = new_proof()
    where = (ehr.base_url(), Environment.TEST, ehr.sign_in_redirect)
    parts.smart.finish_sign_in(*where, proof, parts.standalone(proof)["code"], chosen)
    plain = parts.content.model_dump(mode="json")
    plain["settings"]["signing_algorithm"] = chosen
    parts.content = Content.model_validate(plain)
    assert parts.tell() == Told(delivered=True)
    checklist: Any = SimpleNamespace(smart=parts.smart)
    Checklist._backend(checklist, parts.content)
    assert watched.used == [chosen] * 4


def test_keys_that_the_ehr_cannot_find_are_our_fault(ehr: Parts, tmp_path: Any) -> None:
    stranger = Parts(ehr.connector, ehr.clients, ehr.folder, keys=LocalKeys(tmp_path))
    launch = stranger.launch("provider", "provider-one", "one-to-one")
    assert refusal(stranger, launch)[0] == "ehr_unauthorized_client"


def test_a_code_is_good_once_and_for_its_own_launch(ehr: Parts) -> None:
    first, second = (ehr.launch("provider", "provider-one", "one-to-one") for _ in range(2))
    assert refusal(ehr, second, code=first.back["code"])[0] == "ehr_token_refused"
    third = ehr.launch("provider", "provider-one", "one-to-one")
    ehr.redeem(third)
    assert refusal(ehr, third)[0] == "ehr_token_refused"
    for code in ("", "nonsense", "x" * 4000):
        assert refusal(ehr, second, code=code)[0] == "ehr_token_refused"


WRONG_ID_TOKENS: dict[str, tuple[dict[str, Any], str]] = {
    "audience": ({"aud": "somebody-else"}, "aud"),
    "expired": ({"exp": 1_700_000_000}, "exp"),
    "nonce": ({"nonce": "another"}, "nonce"),
    "no nonce": ({"omit": ["nonce"]}, "nonce"),
    "no expiry": ({"omit": ["exp"]}, "exp"),
    "no subject": ({"omit": ["sub"]}, "sub"),
    "issuer": ({"iss": "https://attacker.example/oauth2"}, "iss"),
    "odd issuer": ({"iss": ["x"]}, "iss"),
    "signature": ({"badSignature": True}, "signature"),
}


@pytest.mark.parametrize("name", WRONG_ID_TOKENS)
def test_each_wrong_id_token_is_refused_by_its_claim(ehr: Parts, name: str) -> None:
    override, claim = WRONG_ID_TOKENS[name]
    launch = ehr.launch("provider", "provider-one", "one-to-one", idToken=override)
    assert refusal(ehr, launch) == ("id_token_invalid", claim)


@pytest.mark.parametrize("error", ["access_denied", "invalid_launch_token", "unauthorized_client"])
def test_the_ehrs_own_refusal_comes_back_by_name(ehr: Parts, error: str) -> None:
    launch = ehr.launch("provider", "provider-one", "one-to-one", error=error)
    assert launch.back["error"] == error
    assert launch.back["state"] == launch.request.proof.state


TOKEN_FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "down": ({"status": 503}, "ehr_unreachable"),
    "broken": ({"status": 500, "body": "<html>"}, "ehr_unreachable"),
    "busy": ({"status": 429, "headers": {"Retry-After": "3"}, "body": {}}, "ehr_unreachable"),
    "cut": ({"drop": True}, "ehr_unreachable"),
    "lost answer": ({"drop": True, "after": True}, "ehr_unreachable"),
    "too large": ({"status": 200, "body": "x" * 600_000}, "ehr_unreachable"),
    "web page": ({"status": 200, "body": "<html>"}, "ehr_answer_invalid"),
    "no id token": ({"status": 200, "body": {"access_token": "x"}}, "id_token_invalid"),
    "odd id token": ({"status": 200, "body": {"id_token": [1]}}, "id_token_invalid"),
    "redirect": ({"status": 302, "headers": {"Location": "https://attacker.example/"}}, "ehr_token_refused"),
    "refused": ({"status": 400, "body": {"error": "invalid_grant"}}, "ehr_token_refused"),
    "refused oddly": ({"status": 400, "body": {"error": ["invalid_client"]}}, "ehr_token_refused"),
    "refused in text": ({"status": 400, "body": "no"}, "ehr_token_refused"),
    "not us": ({"status": 401, "body": {"error": "invalid_client"}}, "ehr_unauthorized_client"),
    "not mapped": ({"status": 400, "body": {"error": "unauthorized_client"}}, "ehr_unauthorized_client"),
}


@pytest.mark.parametrize("name", TOKEN_FAULTS)
def test_each_fault_of_the_token_endpoint_has_its_name(ehr: Parts, name: str) -> None:
    rule, code = TOKEN_FAULTS[name]
    launch = ehr.launch("provider", "provider-one", "one-to-one")
    ehr.fault(TOKEN, **rule)
    assert refusal(ehr, launch)[0] == code


def test_while_the_ehrs_keys_cannot_be_read_nothing_is_said_of_the_token(ehr: Parts) -> None:
    launch = ehr.launch("provider", "provider-one", "one-to-one")
    ehr.fault("/PublicKeys/", status=503)
    assert refusal(ehr, launch)[0] == "ehr_unreachable"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"access_token": 3},
        {"access_token": ""},
        {"access_token": "a\nb"},
        {"access_token": "\u738b"},
        {"access_token": "x", "expires_in": "soon"},
        {"access_token": "x", "expires_in": None},
    ],
)
def test_a_backend_token_that_cannot_be_used_is_refused(ehr: Parts, body: dict[str, Any]) -> None:
    ehr.fault(TOKEN, status=200, body=body)
    with pytest.raises(ConnectorError, match="ehr_answer_invalid"):
        ehr.smart.backend_token(ehr.base_url(), Environment.TEST, "system/Appointment.read")


@pytest.mark.parametrize(("said", "seconds"), [(300, 300), (-5, 0), (10**30, 3600), (1e308, 3600)])
def test_a_backend_tokens_lifetime_is_held_within_bounds(ehr: Parts, said: float, seconds: float) -> None:
    ehr.fault(TOKEN, status=200, body={"access_token": "x", "expires_in": said})
    _, lifetime = ehr.smart.backend_token(ehr.base_url(), Environment.TEST, "system/Appointment.read")
    assert lifetime.total_seconds() == seconds

"""What our discovery makes of an EHR's answers, good and bad."""

import gzip
from typing import Any

import httpx
import pytest

from shared.clock import utc_now
from shared.connections.doctor import Doctor
from shared.ehr.discovery import Discovery
from shared.errors import ConnectorError
from shared.identifiers import Environment
from tests.contract.ehr.parts import PREFIXES, Parts
from tests.support.processes import free_port

WELL_KNOWN = r"\.well-known/smart-configuration"


def refusal(ehr: Parts) -> str:
    with pytest.raises(ConnectorError) as caught:
        ehr.discovery.configuration(ehr.base_url(), Environment.TEST)
    return caught.value.code


@pytest.mark.parametrize("environment", Environment)
def test_each_environment_says_where_to_sign_in(ehr: Parts, environment: Environment) -> None:
    found = ehr.discovery.configuration(ehr.base_url(environment), environment)
    root = f"{ehr.hospital}/{PREFIXES[environment]}"
    assert found.issuer == f"{root}/oauth2"
    assert found.authorization_endpoint == f"{root}/oauth2/authorize"
    assert found.token_endpoint == f"{root}/oauth2/token"
    assert found.jwks_uri.startswith(f"{root}/api/epic/")
    assert ehr.discovery.keys(found.jwks_uri, environment) is ehr.discovery.keys(found.jwks_uri, environment)


def test_a_configuration_is_kept(ehr: Parts) -> None:
    for _ in range(3):
        ehr.discovery.configuration(ehr.base_url(), Environment.TEST)
    assert ehr.requests(WELL_KNOWN) == 1


def test_the_client_id_of_the_environment_goes_along(ehr: Parts) -> None:
    sent: list[httpx.Headers] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers)
        return httpx.Response(200, json={})

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        for environment in Environment:
            Discovery(client, ehr.settings, utc_now).fetch(f"{ehr.base_url(environment)}/metadata", environment)
    assert [one["Epic-Client-ID"] for one in sent] == [ehr.settings.ehr_client_id(one) for one in Environment]
    assert {one["Accept"] for one in sent} == {"application/json"}


def test_the_doctor_finds_the_hospital_well(ehr: Parts) -> None:
    doctor = Doctor(ehr.discovery, allow_loopback=True)
    for environment in Environment:
        found = doctor.check(f" {ehr.base_url(environment)}/metadata ", environment)
        assert found.is_well, found
        assert found.url == ehr.base_url(environment)
    without = doctor.check(ehr.base_url().removesuffix("/R4"), Environment.TEST)
    assert (without.is_well, without.proposal) == (False, ehr.base_url())
    nowhere = doctor.check(f"{ehr.hospital}/nowhere", Environment.TEST)
    assert {one.code for one in nowhere.findings} == {"http_status"}


BAD_ANSWERS: dict[str, tuple[dict[str, Any], str]] = {
    "server error": ({"status": 500}, "http_status"),
    "not found": ({"status": 404}, "http_status"),
    "redirect": ({"status": 302, "headers": {"Location": "http://169.254.169.254/"}}, "redirected"),
    "web page": ({"status": 200, "body": "<html>"}, "not_json"),
    "list": ({"status": 200, "body": []}, "not_json"),
    "empty": ({"status": 200, "body": ""}, "not_json"),
    "too large": ({"status": 200, "body": "x" * 600_000}, "answer_too_large"),
    "cut": ({"drop": True}, "unreachable"),
    "not gzip": ({"status": 200, "body": "this is not gzip", "headers": {"Content-Encoding": "gzip"}}, "unreachable"),
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_a_bad_answer_is_a_finding_and_a_refusal(ehr: Parts, name: str) -> None:
    rule, finding = BAD_ANSWERS[name]
    ehr.fault(WELL_KNOWN, **rule)
    fetched = ehr.discovery.fetch(f"{ehr.base_url()}/.well-known/smart-configuration", Environment.TEST)
    assert fetched.body is None
    assert (fetched.problem or "http_status") == finding
    assert refusal(ehr) == ("ehr_answer_invalid" if finding == "not_json" else "ehr_unreachable")
    found = Doctor(ehr.discovery, allow_loopback=True).check(ehr.base_url(), Environment.TEST)
    assert found.findings[0].code == finding
    assert not found.is_well


def test_an_ehr_that_is_slow_or_gone_is_told_apart(ehr: Parts) -> None:
    with httpx.Client(timeout=0.3) as hasty:
        discovery = Discovery(hasty, ehr.settings, utc_now)
        ehr.fault(WELL_KNOWN, delayMs=900)
        url = f"{ehr.base_url()}/.well-known/smart-configuration"
        assert discovery.fetch(url, Environment.TEST).problem == "too_slow"
        gone = f"http://localhost:{free_port()}/metadata"
        assert discovery.fetch(gone, Environment.TEST).problem == "unreachable"
        assert discovery.fetch("http://no-such-host.invalid/", Environment.TEST).problem == "unreachable"


GOOD = {
    "issuer": "https://ehr.example/oauth2",
    "jwks_uri": "https://ehr.example/keys",
    "authorization_endpoint": "https://ehr.example/authorize",
    "token_endpoint": "https://ehr.example/token",
}


@pytest.mark.parametrize("name", ["jwks_uri", "authorization_endpoint", "token_endpoint"])
@pytest.mark.parametrize(
    "value", [None, 3, "", [], "http://ehr.example/x", "https://10.0.0.1/x", "https://[x", "https://ehr.example/\u0000"]
)
def test_an_endpoint_that_must_not_be_called_is_refused(ehr: Parts, name: str, value: object) -> None:
    ehr.fault(WELL_KNOWN, status=200, body={**GOOD, name: value})
    assert refusal(ehr) == "ehr_answer_invalid"


@pytest.mark.parametrize("value", [None, "", 3])
def test_an_issuer_that_is_none_is_refused(ehr: Parts, value: object) -> None:
    ehr.fault(WELL_KNOWN, status=200, body={**GOOD, "issuer": value})
    assert refusal(ehr) == "ehr_answer_invalid"


def test_issuer_and_keys_may_stand_in_the_openid_configuration(ehr: Parts) -> None:
    smart = {name: value for name, value in GOOD.items() if name not in {"issuer", "jwks_uri"}}
    ehr.fault(WELL_KNOWN, status=200, body={**smart, "token_endpoint": "../../token"})
    ehr.fault(r"\.well-known/openid-configuration", status=200, body={**GOOD, "token_endpoint": "https://x.example/"})
    found = ehr.discovery.configuration(ehr.base_url(), Environment.TEST)
    assert (found.issuer, found.jwks_uri) == (GOOD["issuer"], GOOD["jwks_uri"])
    assert found.token_endpoint == f"{ehr.hospital}/{PREFIXES[Environment.TEST]}/api/token"


def test_a_compressed_answer_is_read(ehr: Parts) -> None:
    packed = httpx.Response(200, content=gzip.compress(b'{"a":1}'), headers={"Content-Encoding": "gzip"})
    with httpx.Client(transport=httpx.MockTransport(lambda _: packed)) as client:
        fetched = Discovery(client, ehr.settings, utc_now).fetch("https://ehr.example/", Environment.TEST)
    assert fetched.body == {"a": 1}

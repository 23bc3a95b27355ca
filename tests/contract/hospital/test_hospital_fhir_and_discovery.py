"""What the hospital publishes about itself, and its FHIR R4 API behind a bearer token."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from tests.contract.hospital.client import Ehr

FHIR = "{http://hl7.org/fhir}"


@pytest.fixture
def bearer(ehr: Ehr) -> dict[str, str]:
    """Headers with a backend token."""
    return {"Authorization": f"Bearer {ehr.backend_token()}"}


def test_smart_configuration(ehr: Ehr) -> None:
    answer = ehr.http.get(f"{ehr.base_url}.well-known/smart-configuration", headers={"Accept": "*/*"})
    found = answer.json()
    assert found["authorization_endpoint"] == ehr.authorize_url
    assert found["token_endpoint"] == ehr.token_url
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["issuer"] == f"{ehr.root}/oauth2"
    assert found["issuer"] not in ehr.base_url
    assert not {"introspection_endpoint", "revocation_endpoint", "registration_endpoint"} & set(found)
    for capability in ("launch-ehr", "launch-standalone", "client-confidential-asymmetric", "sso-openid-connect"):
        assert capability in found["capabilities"]


def test_openid_discovery_stands_in_both_places(ehr: Ehr) -> None:
    by_issuer = ehr.http.get(f"{ehr.root}/oauth2/.well-known/openid-configuration").json()
    by_base = ehr.http.get(f"{ehr.base_url}.well-known/openid-configuration").json()
    assert by_issuer == by_base
    keys = ehr.http.get(by_issuer["jwks_uri"]).json()["keys"]
    assert all("d" not in key and key["kty"] == "RSA" for key in keys)
    assert "/PublicKeys/530027/OIDC" in by_issuer["jwks_uri"]


def test_the_two_environments_differ(ehr: Ehr, production: Ehr) -> None:
    found = []
    for one in (ehr, production):
        smart = one.http.get(f"{one.base_url}.well-known/smart-configuration").json()
        found.append((smart["issuer"], one.http.get(smart["jwks_uri"]).json()["keys"][0]["kid"]))
    assert found[0][0] != found[1][0]
    assert found[0][1] != found[1][1]


def test_metadata_is_xml_unless_json_is_asked_for(ehr: Ehr) -> None:
    answer = ehr.http.get(f"{ehr.base_url}metadata")
    assert answer.headers["content-type"].startswith("application/fhir+xml")
    statement = ET.fromstring(answer.text)  # noqa: S314 - our own process wrote it
    assert statement.tag == f"{FHIR}CapabilityStatement"
    version = statement.find(f"{FHIR}fhirVersion")
    assert version is not None
    assert version.get("value") == "4.0.1"
    json_answer = ehr.http.get(f"{ehr.base_url}metadata", headers={"Accept": "application/fhir+json"}).json()
    uris = json_answer["rest"][0]["security"]["extension"][0]["extension"]
    assert {one["url"]: one["valueUri"] for one in uris} == {
        "authorize": ehr.authorize_url,
        "token": ehr.token_url,
    }


NOT_EPIC = ("/oauth2/reg", "/oauth2/me", "/oauth2/token/introspection", "/oauth2/request", "/oauth2/keys")


@pytest.mark.parametrize("path", NOT_EPIC)
def test_what_epic_has_not_got_is_not_there(ehr: Ehr, path: str) -> None:
    assert ehr.http.get(f"{ehr.root}{path}").status_code == 404
    assert ehr.http.post(f"{ehr.root}{path}").status_code == 404


def test_fhir_needs_a_token_of_this_environment(ehr: Ehr, production: Ehr) -> None:
    url = f"{ehr.base_url}Patient/ePatientOne1"
    foreign = {"Authorization": f"Bearer {production.backend_token()}"}
    for headers in ({}, {"Authorization": "Bearer made-up"}, foreign):
        answer = ehr.http.get(url, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer ")


def test_fhir_read_and_search(ehr: Ehr, bearer: dict[str, str]) -> None:
    patient = ehr.http.get(f"{ehr.base_url}Patient/ePatientOne1", headers=bearer)
    assert patient.headers["content-type"].startswith("application/fhir+json")
    assert patient.json()["birthDate"] == "1931-02-03"
    assert patient.headers["etag"].startswith('W/"')

    def ids(query: str) -> list[str]:
        bundle = ehr.http.get(f"{ehr.base_url}{query}", headers=bearer).json()
        assert bundle["type"] == "searchset"
        return [entry["resource"]["id"] for entry in bundle.get("entry", [])]

    assert ids("Patient?identifier=Z900002") == ["ePatientTwo2"]
    assert ids("Appointment?patient=ePatientTwo2") == ["eAppointment910002", "eAppointment910005"]
    assert ids("Appointment?identifier=910003") == ["eAppointment910003"]
    assert ids("Encounter?identifier=910001") == ["eEncounter910001"]
    assert ids("Patient?identifier=nobody") == []
    assert ehr.http.get(f"{ehr.base_url}Patient/nobody", headers=bearer).status_code == 404
    assert ehr.http.get(f"{ehr.base_url}Nonsense/1", headers=bearer).status_code == 404


def test_fhir_update_needs_the_present_version(ehr: Ehr, bearer: dict[str, str]) -> None:
    url = f"{ehr.base_url}Appointment/eAppointment910001"
    first = ehr.http.get(url, headers=bearer)
    arrived = first.json() | {"status": "arrived"}
    ok = ehr.http.put(url, json=arrived, headers=bearer | {"If-Match": first.headers["etag"]})
    assert ok.status_code == 200, ok.text
    stale = ehr.http.put(url, json=arrived, headers=bearer | {"If-Match": first.headers["etag"]})
    assert stale.status_code == 412
    patch = [{"op": "replace", "path": "/status", "value": "fulfilled"}]
    headers = bearer | {"Content-Type": "application/json-patch+json"}
    wrong = ehr.http.patch(url, json=patch, headers=headers | {"If-Match": first.headers["etag"]})
    assert wrong.status_code == 412
    right = ehr.http.patch(url, json=patch, headers=headers | {"If-Match": ok.headers["etag"]})
    assert right.json()["status"] == "fulfilled"
    for _ in range(2):
        history = ehr.http.get(f"{url}/_history", headers=bearer).json()
        assert [entry["resource"]["status"] for entry in history["entry"]] == ["fulfilled", "arrived", "booked"]


def test_fhir_refuses_what_is_not_r4(ehr: Ehr, bearer: dict[str, str]) -> None:
    wrong = {"resourceType": "Appointment", "status": "booked"}
    assert ehr.http.post(f"{ehr.base_url}Appointment", json=wrong, headers=bearer).status_code == 400

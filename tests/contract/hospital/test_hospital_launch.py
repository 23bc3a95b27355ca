"""EHR launch and standalone sign-in: what the hospital accepts, says, and refuses."""

from __future__ import annotations

import re
import time
from typing import Any

import httpx
import pytest
from jwcrypto import jwk, jws

from tests.contract.hospital.client import Ehr, claims_of, page_text, query_of

CONTEXT = "sessionId=%CSN%&ehrUserId=%EPICUSERID%&patientId=%PATID%&department=%PERFDEPID;;; ; ;;NONE;%&odd=%NOSUCH%x"


@pytest.fixture(autouse=True)
def records(ehr: Ehr) -> None:
    """Every kind of record, pasted."""
    for kind in ("provider", "patient"):
        ehr.record(kind, CONTEXT)
        ehr.record(f"group-{kind}", CONTEXT.replace("%CSN%", "%CONFERENCEID%"))


def token_of(url: str) -> str:
    return query_of(url)["launch"]


def refused(answer: httpx.Response) -> str:
    """The error that went back to the application."""
    assert answer.status_code in {302, 303}, answer.text
    found = query_of(answer.headers["location"])
    assert "code" not in found
    assert found["state"] == "state-1"
    return found["error"]


def verified(token: str, ehr: Ehr) -> dict[str, Any]:
    """The claims of an id token whose signature is right by the published keys."""
    discovery = ehr.http.get(f"{ehr.base_url}.well-known/smart-configuration").json()
    keys = jwk.JWKSet.from_json(ehr.http.get(discovery["jwks_uri"]).text)
    parsed = jws.JWS()
    parsed.deserialize(token)
    assert parsed.jose_header["alg"] == "RS256"
    parsed.verify(keys.get_key(parsed.jose_header["kid"]))
    return claims_of(token)


def test_launch_url_carries_iss_without_slash_and_a_long_token(ehr: Ehr) -> None:
    url = ehr.launch("provider", "provider-one", "one-to-one")
    assert url.startswith(f"{ehr.connector}/api/launch/connection-1/provider?")
    assert query_of(url)["iss"] == ehr.base_url.removesuffix("/")
    assert len(token_of(url)) > 400


def test_provider_launch_gives_context_and_id_token(ehr: Ehr) -> None:
    body = ehr.launched("provider", "provider-one", "one-to-one")
    assert body["sessionId"] == "910001"
    assert body["ehrUserId"] == "PROV1"
    assert body["patientId"] == "Z900001"
    assert body["department"] == "DEP-CARDIO"
    assert body["odd"] == "x"
    assert body["need_patient_banner"] == "false"
    assert body["patient"] == "ePatientOne1"
    assert body["appointment"] == "eAppointment910001"
    assert body["encounter"] == "eEncounter910001"
    assert body["loginDepartment"] == "DEP-CARDIO"
    assert body["__epic.dstu2.patient"] == "TZ900001"
    assert body["token_type"].lower() == "bearer"
    assert len(body["access_token"]) >= 1500
    assert {"launch", "openid", "fhirUser", "profile", "user/Patient.read"} <= set(body["scope"].split())
    claims = verified(body["id_token"], ehr)
    assert claims["iss"] == f"{ehr.root}/oauth2"
    assert claims["aud"] == ehr.client_id
    assert claims["sub"] == "eProviderOne1"
    assert claims["fhirUser"] == f"{ehr.base_url}Practitioner/eProviderOne1"
    assert claims["preferred_username"] == "PROV1"
    assert claims["nonce"] == "nonce-1"
    assert claims["exp"] - claims["iat"] == 300


def test_patient_launch_has_no_ehr_user(ehr: Ehr) -> None:
    body = ehr.launched("patient", "patient-one", "one-to-one")
    assert body["ehrUserId"] == ""
    assert body["patientId"] == "Z900001"
    assert body["patient"] == "ePatientOne1"
    claims = verified(body["id_token"], ehr)
    assert claims["fhirUser"] == f"{ehr.base_url}Patient/ePatientOne1"
    assert "preferred_username" not in claims


def test_group_launch_uses_the_group_record_and_names_no_patient_to_the_clinician(ehr: Ehr) -> None:
    body = ehr.launched("provider", "provider-one", "group")
    assert body["sessionId"] == "950005"
    assert body["patientId"] == ""
    assert "patient" not in body
    assert ehr.launched("patient", "patient-two", "group")["sessionId"] == "950005"


def test_consultation_has_no_patient(ehr: Ehr) -> None:
    body = ehr.launched("provider", "provider-two", "consultation")
    assert body["sessionId"] == "910003"
    assert "patient" not in body


def test_one_browser_can_launch_as_one_person_after_another(ehr: Ehr) -> None:
    people = (("patient", "patient-one"), ("provider", "provider-one"), ("provider", "provider-two"))
    found = [ehr.launched(role, user, "one-to-one")["ehrUserId"] for role, user in people]
    assert found == ["", "PROV1", "PROV2"]


def test_a_record_cannot_take_the_place_of_what_oauth_says(ehr: Ehr) -> None:
    ehr.record("provider", "sessionId=%CSN%&access_token=mine&scope=all")
    body = ehr.launched("provider", "provider-one", "one-to-one")
    assert body["access_token"] != "mine"
    assert body["scope"] != "all"


def test_post_is_allowed_for_an_ehr_launch_and_only_for_that(ehr: Ehr) -> None:
    launch = token_of(ehr.launch("provider", "provider-one", "one-to-one"))
    asked = query_of(str(ehr.authorize("not-used").request.url))
    answer = ehr.http.post(ehr.authorize_url, data=asked | {"launch": launch})
    assert ehr.redeem(ehr.code(answer)).status_code == 200
    standalone = {name: value for name, value in asked.items() if name != "launch"}
    assert ehr.http.post(ehr.authorize_url, data=standalone).status_code == 400


def test_no_iss_parameter_comes_back(ehr: Ehr) -> None:
    answer = ehr.authorize(token_of(ehr.launch("provider", "provider-one", "one-to-one")))
    assert set(query_of(answer.headers["location"])) == {"code", "state"}
    wrong = ehr.authorize("no-such-token")
    assert "iss" not in query_of(wrong.headers["location"])


def test_aud_is_slash_tolerant(ehr: Ehr) -> None:
    launch = token_of(ehr.launch("provider", "provider-one", "one-to-one"))
    assert ehr.code(ehr.authorize(launch, aud=ehr.base_url.removesuffix("/")))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"aud": None}, "aud is missing"),
        ({"aud": "https://elsewhere.example/api/FHIR/R4"}, "aud is not"),
        ({"state": None}, "state is missing"),
        ({"redirect_uri": "http://localhost:1/elsewhere"}, "redirect_uri"),
        ({"client_id": "eeeeeeee-0000-4000-8000-000000000000"}, "client"),
        ({"client_id": "eeeeeeee-0000-4000-8000-00000000e0e6"}, "client"),
    ],
)
def test_refused_on_a_page_of_its_own(ehr: Ehr, changed: dict[str, Any], why: str) -> None:
    launch = token_of(ehr.launch("provider", "provider-one", "one-to-one"))
    answer = ehr.authorize(launch, **changed)
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "Something went wrong trying to authorize the client" in answer.text
    assert why in page_text(answer)
    assert ehr.code(ehr.authorize(launch)), "a refused request must not have used the launch up"


def test_redirect_uri_is_compared_to_the_letter(ehr: Ehr) -> None:
    launch = token_of(ehr.launch("provider", "provider-one", "one-to-one"))
    for wrong in (f"{ehr.callback}/", ehr.callback.replace("/api/", "/API/"), f"{ehr.callback}?a=1"):
        assert ehr.authorize(launch, redirect_uri=wrong).status_code == 400


@pytest.mark.parametrize(
    "changed",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge": "v" * 43, "code_challenge_method": "plain"},
        {"code_challenge_method": None},
    ],
)
def test_only_pkce_with_s256(ehr: Ehr, changed: dict[str, Any]) -> None:
    launch = token_of(ehr.launch("provider", "provider-one", "one-to-one"))
    assert refused(ehr.authorize(launch, **changed)) == "invalid_request"


def test_scope_launch_needs_a_launch(ehr: Ehr) -> None:
    assert refused(ehr.authorize(None, scope="launch openid")) == "invalid_request"


def test_launch_without_its_scope_asks_the_user_to_sign_in(ehr: Ehr) -> None:
    launch = token_of(ehr.launch("provider", "provider-one", "one-to-one"))
    answer = ehr.authorize(launch, scope="openid fhirUser")
    assert answer.status_code == 303
    assert "/oauth2/sign-in/" in answer.headers["location"]


def test_a_launch_works_once(ehr: Ehr) -> None:
    launch = token_of(ehr.launch("provider", "provider-one", "one-to-one"))
    assert ehr.code(ehr.authorize(launch))
    assert refused(ehr.authorize(launch)) == "invalid_launch_token"


def test_a_launch_of_the_other_environment_or_of_nobody_is_refused(ehr: Ehr, production: Ehr) -> None:
    production.record("provider", CONTEXT)
    foreign = token_of(production.launch("provider", "provider-one", "one-to-one"))
    assert refused(ehr.authorize(foreign)) == "invalid_launch_token"
    assert refused(ehr.authorize("made-up")) == "invalid_launch_token"
    assert ehr.code(production.authorize(foreign))


def test_a_record_with_another_client_id_is_refused(ehr: Ehr, production: Ehr) -> None:
    ehr.record("provider", CONTEXT, clientId=production.client_id)
    launch = token_of(ehr.launch("provider", "provider-one", "one-to-one"))
    assert refused(ehr.authorize(launch)) == "invalid_launch_token"


def test_a_code_works_once_and_its_token_dies_with_the_second_try(ehr: Ehr) -> None:
    code = ehr.code(ehr.authorize(token_of(ehr.launch("provider", "provider-one", "one-to-one"))))
    first = ehr.redeem(code)
    token = {"Authorization": f"Bearer {first.json()['access_token']}"}
    who = f"{ehr.base_url}Practitioner/eProviderOne1"
    assert ehr.http.get(who, headers=token).status_code == 200
    second = ehr.redeem(code)
    assert second.status_code == 400
    assert second.json()["error"] == "invalid_grant"
    assert ehr.http.get(who, headers=token).status_code == 401


@pytest.mark.parametrize("wrong", [{"verifier": "w" * 43}, {"redirect_uri": "http://localhost:1/elsewhere"}])
def test_a_code_needs_its_verifier_and_its_redirect_uri(ehr: Ehr, wrong: dict[str, str]) -> None:
    code = ehr.code(ehr.authorize(token_of(ehr.launch("provider", "provider-one", "one-to-one"))))
    answer = ehr.redeem(code, **wrong)
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_grant"


def test_a_code_of_one_environment_means_nothing_in_the_other(ehr: Ehr, production: Ehr) -> None:
    code = ehr.code(ehr.authorize(token_of(ehr.launch("provider", "provider-one", "one-to-one"))))
    assert production.redeem(code).json()["error"] == "invalid_grant"
    assert ehr.redeem(code).status_code == 200


def sign_in_page(ehr: Ehr) -> httpx.Response:
    callback = f"{ehr.connector}/api/ehr-sign-in/callback"
    answer = ehr.authorize(None, redirect_uri=callback)
    assert answer.status_code == 303
    page = ehr.http.get(str(answer.url.join(answer.headers["location"])))
    assert page.status_code == 200
    return page


def follow(ehr: Ehr, answer: httpx.Response) -> str:
    """Follows redirects of the hospital as far as the connector's callback."""
    for _ in range(4):
        assert answer.status_code in {302, 303}, answer.text
        location = str(answer.url.join(answer.headers["location"]))
        if location.startswith(ehr.connector):
            return location
        answer = ehr.http.get(location)
    raise AssertionError("too many redirects")


def test_standalone_sign_in(ehr: Ehr) -> None:
    page = sign_in_page(ehr)
    assert re.findall(r'name="user" value="([\w-]+)"', page.text) == [
        "analyst",
        "provider-one",
        "provider-two",
        "provider-nine",
    ]
    back = query_of(follow(ehr, ehr.http.post(str(page.url), data={"user": "analyst"})))
    assert set(back) == {"code", "state"}
    answer = ehr.redeem(back["code"], redirect_uri=f"{ehr.connector}/api/ehr-sign-in/callback")
    body = answer.json()
    assert claims_of(body["id_token"])["preferred_username"] == "ANALYST1"
    assert not {"patient", "appointment", "encounter", "sessionId"} & set(body)


def test_standalone_sign_in_asks_each_time(ehr: Ehr) -> None:
    follow(ehr, ehr.http.post(str(sign_in_page(ehr).url), data={"user": "analyst"}))
    page = sign_in_page(ehr)
    back = query_of(follow(ehr, ehr.http.post(str(page.url), data={"user": "provider-two"})))
    answer = ehr.redeem(back["code"], redirect_uri=f"{ehr.connector}/api/ehr-sign-in/callback")
    assert claims_of(answer.json()["id_token"])["sub"] == "eProviderTwo2"


def test_standalone_sign_in_can_be_cancelled(ehr: Ehr) -> None:
    page = sign_in_page(ehr)
    location = follow(ehr, ehr.http.post(str(page.url), data={"cancel": "yes"}))
    assert query_of(location)["error"] == "access_denied"
    assert ehr.http.get(str(page.url)).status_code == 400


def test_overridden_iss(ehr: Ehr) -> None:
    url = ehr.launch("provider", "provider-one", "one-to-one", iss="https://elsewhere.example/R4")
    assert query_of(url)["iss"] == "https://elsewhere.example/R4"


@pytest.mark.parametrize("error", ["access_denied", "invalid_launch_token", "unauthorized_client"])
def test_overridden_error(ehr: Ehr, error: str) -> None:
    launch = token_of(ehr.launch("provider", "provider-one", "one-to-one", error=error))
    assert refused(ehr.authorize(launch)) == error


def test_overridden_context(ehr: Ehr) -> None:
    body = ehr.launched("provider", "provider-one", "one-to-one", omitContext=True)
    assert not {"sessionId", "appointment", "encounter", "ehrUserId"} & set(body)
    changed = {"sessionId": "", "appointment": None, "extra": "1"}
    body = ehr.launched("provider", "provider-one", "one-to-one", context=changed)
    assert body["sessionId"] == ""
    assert body["extra"] == "1"
    assert "appointment" not in body
    assert body["encounter"] == "eEncounter910001"


def test_overridden_id_token(ehr: Ehr) -> None:
    past = int(time.time()) - 600
    odd = {"aud": "else", "iss": "https://elsewhere.example", "exp": past, "omit": ["nonce"]}
    body = ehr.launched("provider", "provider-one", "one-to-one", idToken=odd)
    claims = verified(body["id_token"], ehr)
    assert (claims["aud"], claims["iss"], claims["exp"]) == ("else", "https://elsewhere.example", past)
    assert "nonce" not in claims
    assert claims["sub"] == "eProviderOne1"
    forged = ehr.launched("provider", "provider-one", "one-to-one", idToken={"badSignature": True})
    with pytest.raises(jws.InvalidJWSSignature):
        verified(forged["id_token"], ehr)


def test_a_patient_launches_only_their_own_appointment(ehr: Ehr) -> None:
    body = {"environment": "test", "role": "patient", "user": "patient-two", "appointment": "one-to-one"}
    assert ehr.http.post(f"{ehr.hospital}/control/launches", json=body).status_code == 409

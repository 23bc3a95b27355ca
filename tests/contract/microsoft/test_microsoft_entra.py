"""Sign-in and tokens of the pretend Entra: each way to a token, and each refusal."""

import msal
import pytest
import requests

from tests.contract.microsoft.stand_in import (
    ADMIN,
    API,
    API_REDIRECT,
    API_SCOPE,
    APPLICATIONS,
    EXCHANGE,
    GRAPH,
    HOME,
    JWT_BEARER,
    ONE,
    OTHER,
    OTHER_TENANT,
    PORTAL,
    PORTAL_REDIRECT,
    TENANT,
    TWO,
    Authorization,
    Browser,
    Json,
    Microsoft,
    claims_of,
    pick,
)


def graph_form(microsoft: Microsoft, **more: str) -> dict[str, str]:
    return {
        "client_id": API,
        "grant_type": "client_credentials",
        "scope": f"{GRAPH}/.default",
        **microsoft.assertion(),
        **more,
    }


def code_form(done: Authorization, client: str = PORTAL) -> dict[str, str]:
    return {
        "client_id": client,
        "grant_type": "authorization_code",
        "code": done.parameters["code"],
        "redirect_uri": API_REDIRECT if client == API else PORTAL_REDIRECT,
        "code_verifier": done.verifier,
    }


def refused(answer: object, error: str, number: int) -> None:
    body = answer.json()  # type: ignore[attr-defined]
    assert (body["error"], body["error_codes"]) == (error, [number])
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    assert {"timestamp", "trace_id", "correlation_id"} <= body.keys()


@pytest.mark.parametrize("authority", [TENANT, OTHER_TENANT, "organizations", "common"])
def test_discovery_has_entras_shape(microsoft: Microsoft, authority: str) -> None:
    document = microsoft.http.get(f"/entra/{authority}/v2.0/.well-known/openid-configuration").json()
    base = f"{microsoft.url}/entra/{authority}"
    shared = authority in {"organizations", "common"}
    assert document["issuer"] == f"{microsoft.url}/entra/{'{tenantid}' if shared else authority}/v2.0"
    assert document["authorization_endpoint"] == f"{base}/oauth2/v2.0/authorize"
    assert document["token_endpoint"] == f"{base}/oauth2/v2.0/token"
    keys = microsoft.http.get(document["jwks_uri"]).json()["keys"]
    issuers = {key["issuer"] for key in keys}
    assert f"{microsoft.url}/entra/{TENANT if shared else authority}/v2.0" in issuers
    assert len(issuers) == (3 if shared else 1)
    assert all(key.keys() & {"d", "p", "q"} == set() and key["kty"] == "RSA" for key in keys)


def test_an_unknown_tenant_is_refused(microsoft: Microsoft) -> None:
    answer = microsoft.http.get("/entra/ffffffff-0000-4000-8000-00000000000f/v2.0/.well-known/openid-configuration")
    assert answer.status_code == 400
    refused(answer, "invalid_tenant", 90002)


def test_msal_gets_a_token_of_the_managed_identity(microsoft: Microsoft, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{microsoft.url}/identity/token")
    monkeypatch.setenv("IDENTITY_HEADER", "sandbox")
    identity = msal.UserAssignedManagedIdentity(client_id=APPLICATIONS["managedIdentityClientId"])
    with requests.Session() as session:
        result = msal.ManagedIdentityClient(identity, http_client=session).acquire_token_for_client(resource=EXCHANGE)
    claims = microsoft.verified(result["access_token"])
    assert claims["iss"] == f"{microsoft.url}/entra/{HOME}/v2.0"
    assert claims["sub"] == APPLICATIONS["managedIdentityPrincipalId"]
    assert claims["aud"] == EXCHANGE
    form = {**graph_form(microsoft), "client_assertion": result["access_token"]}
    assert microsoft.redeem(form).status_code == 200


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"header": ""}, 401),
        ({"header": "guessed"}, 401),
        ({"client_id": API}, 400),
        ({"client_id": ""}, 400),
        ({"resource": GRAPH}, 400),
        ({"api-version": "2018-02-01"}, 400),
    ],
)
def test_the_managed_identity_endpoint_refuses(microsoft: Microsoft, change: dict[str, str], status: int) -> None:
    query = {
        "resource": EXCHANGE,
        "api-version": "2019-08-01",
        "client_id": APPLICATIONS["managedIdentityClientId"],
        **change,
    }
    header = query.pop("header", "sandbox")
    answer = microsoft.http.get("/identity/token", params=query, headers={"X-IDENTITY-HEADER": header})
    assert answer.status_code == status
    assert "access_token" not in answer.json()


@pytest.mark.parametrize("tenant", [TENANT, OTHER_TENANT])
def test_the_application_gets_a_graph_token_by_its_federated_assertion(microsoft: Microsoft, tenant: str) -> None:
    answer = microsoft.redeem(graph_form(microsoft), tenant)
    assert answer.status_code == 200
    body = answer.json()
    assert body["token_type"] == "Bearer"
    assert 3600 <= body["expires_in"] <= 5400
    claims = microsoft.verified(body["access_token"], tenant)
    assert claims["aud"] == GRAPH
    assert (claims["tid"], claims["azp"], claims["idtyp"]) == (tenant, API, "app")
    assert claims["iss"] == f"{microsoft.url}/entra/{tenant}/v2.0"
    assert set(claims["roles"]) >= {"OnlineMeetings.ReadWrite.All", "CallRecords.Read.All"}
    assert "scp" not in claims


def test_one_assertion_may_be_used_again(microsoft: Microsoft) -> None:
    form = graph_form(microsoft)
    assert [microsoft.redeem(form).status_code for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize(
    ("overrides", "number"),
    [
        ({"aud": GRAPH}, 700212),
        ({"sub": API}, 700213),
        ({"iss": "http://localhost:1/entra/other/v2.0"}, 700211),
        ({"exp": 1_700_000_000}, 700024),
        ({"nbf": 4_000_000_000}, 700024),
    ],
)
def test_a_wrong_assertion_is_refused(microsoft: Microsoft, overrides: Json, number: int) -> None:
    assertion = microsoft.exchange_token(**overrides)
    answer = microsoft.redeem({**graph_form(microsoft), "client_assertion": assertion})
    assert answer.status_code == 401
    refused(answer, "invalid_client", number)


def test_an_assertion_with_a_wrong_signature_is_refused(microsoft: Microsoft) -> None:
    assertion = microsoft.token(tenant=HOME, audience="exchange", badSignature=True)
    refused(microsoft.redeem({**graph_form(microsoft), "client_assertion": assertion}), "invalid_client", 50013)


@pytest.mark.parametrize(
    ("change", "error", "number"),
    [
        ({"client_secret": "a secret"}, "invalid_client", 7000215),
        ({"client_assertion": None}, "invalid_client", 7000218),
        ({"client_assertion_type": "something"}, "invalid_client", 7000218),
        ({"client_assertion": "not a token"}, "invalid_client", 50027),
        ({"scope": f"{GRAPH}/OnlineMeetings.ReadWrite.All"}, "invalid_scope", 1002012),
        ({"scope": "https://elsewhere.example/.default"}, "invalid_scope", 70011),
        ({"client_id": "ffffffff-0000-4000-8000-00000000000f"}, "unauthorized_client", 700016),
        ({"client_id": None}, "invalid_request", 900144),
    ],
)
def test_a_wrong_token_request_is_refused(
    microsoft: Microsoft, change: dict[str, str | None], error: str, number: int
) -> None:
    form = {**graph_form(microsoft), **change}
    refused(microsoft.redeem({name: value for name, value in form.items() if value}), error, number)


def test_a_shared_authority_cannot_tell_the_tenant_of_an_application(microsoft: Microsoft) -> None:
    refused(microsoft.redeem(graph_form(microsoft), "organizations"), "invalid_request", 50059)


def test_the_public_portal_gets_no_token_for_itself(microsoft: Microsoft) -> None:
    form = {"client_id": PORTAL, "grant_type": "client_credentials", "scope": f"{GRAPH}/.default"}
    refused(microsoft.redeem(form), "invalid_client", 7000218)
    # Not even with the application's own assertion.
    assert "access_token" not in microsoft.redeem({**form, **microsoft.assertion()}).json()


def test_a_clinician_signs_in_at_the_connector(microsoft: Microsoft, browser: Browser) -> None:
    done = browser.authorize(API, "openid profile", press=pick(ONE))
    assert done.pages == 1
    assert done.parameters.keys() == {"code", "state"}
    assert done.parameters["state"] == "the state"
    answer = microsoft.redeem({**code_form(done, API), **microsoft.assertion()})
    assert answer.status_code == 200, answer.text
    assert answer.json()["scope"].endswith("openid profile")
    claims = microsoft.verified(answer.json()["id_token"], TENANT)
    assert claims["iss"] == f"{microsoft.url}/entra/{TENANT}/v2.0"
    assert (claims["aud"], claims["nonce"], claims["ver"]) == (API, "the nonce", "2.0")
    assert (claims["tid"], claims["oid"]) == (TENANT, ONE)
    assert claims["preferred_username"] == "clinician.one@sample-hospital.example"
    assert claims["name"] == "Clinicianne Uno-Placeholder"
    assert claims["sub"] != ONE


def test_a_code_counts_once_and_only_with_its_verifier_and_its_client(microsoft: Microsoft, browser: Browser) -> None:
    done = browser.authorize(API, "openid", press=pick(ONE))
    form = code_form(done, API)
    refused(microsoft.redeem(form), "invalid_client", 7000218)
    guessed = {**form, **microsoft.assertion(), "code_verifier": "x" * 43}
    assert microsoft.redeem(guessed).json()["error"] == "invalid_grant"
    again = browser.authorize(API, "openid", press={})
    good = {**code_form(again, API), **microsoft.assertion()}
    assert microsoft.redeem({**code_form(again), "redirect_uri": API_REDIRECT}).status_code == 400
    third = browser.authorize(API, "openid", press={})
    good = {**code_form(third, API), **microsoft.assertion()}
    assert microsoft.redeem(good, OTHER_TENANT).json()["error"] == "invalid_grant"
    assert microsoft.redeem(good).status_code == 200
    assert microsoft.redeem(good).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("authority", [TENANT, "organizations", "common"])
def test_an_admin_signs_in_at_the_portal(microsoft: Microsoft, browser: Browser, authority: str) -> None:
    scope = f"openid profile offline_access {API_SCOPE}"
    done = browser.authorize(PORTAL, scope, press=pick(ADMIN), authority=authority)
    assert done.pages == 1
    answer = microsoft.redeem(code_form(done), authority)
    assert answer.status_code == 200, answer.text
    claims = microsoft.verified(answer.json()["access_token"])
    assert (claims["aud"], claims["azp"], claims["ver"]) == (API, PORTAL, "2.0")
    assert (claims["tid"], claims["oid"]) == (TENANT, ADMIN)
    assert (claims["scp"], claims["roles"]) == ("access_as_user", ["Connector.Admin"])
    assert 3600 <= claims["exp"] - claims["iat"] <= 5400
    refresh = {"client_id": PORTAL, "grant_type": "refresh_token", "refresh_token": answer.json()["refresh_token"]}
    renewed = microsoft.redeem(refresh, authority)
    assert microsoft.verified(renewed.json()["access_token"])["oid"] == ADMIN


def test_no_refresh_token_without_offline_access(microsoft: Microsoft, browser: Browser) -> None:
    done = browser.authorize(PORTAL, f"openid {API_SCOPE}", press=pick(ADMIN))
    assert "refresh_token" not in microsoft.redeem(code_form(done)).json()


def test_someone_without_roles_gets_none(microsoft: Microsoft, browser: Browser) -> None:
    done = browser.authorize(PORTAL, f"openid {API_SCOPE}", press=pick(ONE))
    assert "roles" not in claims_of(microsoft.redeem(code_form(done)).json()["access_token"])


def test_the_portal_may_call_the_token_endpoint_from_its_page(microsoft: Microsoft, browser: Browser) -> None:
    done = browser.authorize(PORTAL, f"openid {API_SCOPE}", press=pick(ADMIN))
    url = f"/entra/{TENANT}/oauth2/v2.0/token"
    asked = {"Origin": "http://localhost:7070", "Access-Control-Request-Method": "POST"}
    assert microsoft.http.options(url, headers=asked).headers["access-control-allow-origin"] == asked["Origin"]
    foreign = microsoft.http.post(url, data=code_form(done), headers={"Origin": "http://elsewhere.example"})
    assert "access-control-allow-origin" not in foreign.headers
    done = browser.authorize(PORTAL, f"openid {API_SCOPE}", press={})
    own = microsoft.http.post(url, data=code_form(done), headers={"Origin": "http://localhost:7070"})
    assert own.status_code == 200
    assert own.headers["access-control-allow-origin"] == "http://localhost:7070"


def test_the_session_is_remembered_until_another_account_is_wanted(browser: Browser) -> None:
    assert browser.authorize(PORTAL, "openid", press=pick(ADMIN)).pages == 1
    assert browser.authorize(PORTAL, "openid", press={}).pages == 0
    assert browser.authorize(API, "openid", press={}, authority="organizations").pages == 0
    assert browser.authorize(PORTAL, "openid", press=pick(ADMIN), prompt="login").pages == 1
    same = browser.authorize(PORTAL, "openid", press={}, login_hint="ADMIN@sample-hospital.example")
    assert same.pages == 0


@pytest.mark.parametrize("authority", [TENANT, "organizations"])
def test_select_account_asks_again(microsoft: Microsoft, browser: Browser, authority: str) -> None:
    browser.authorize(PORTAL, "openid", press=pick(ADMIN))
    done = browser.authorize(PORTAL, "openid", press=pick(TWO), authority=authority, prompt="select_account")
    assert done.pages == 1
    assert claims_of(microsoft.redeem(code_form(done)).json()["id_token"])["oid"] == TWO


def test_a_login_hint_names_another_account(microsoft: Microsoft, browser: Browser) -> None:
    browser.authorize(PORTAL, "openid", press=pick(ADMIN))
    hint = "clinician.one@sample-hospital.example"
    done = browser.authorize(PORTAL, "openid", press=pick(ONE), login_hint=hint)
    assert done.pages == 1
    assert claims_of(microsoft.redeem(code_form(done)).json()["id_token"])["oid"] == ONE


def test_two_tenants_live_side_by_side_in_one_browser(microsoft: Microsoft, browser: Browser) -> None:
    browser.authorize(PORTAL, "openid", press=pick(ONE))
    browser.authorize(PORTAL, "openid", press=pick(OTHER, OTHER_TENANT), authority=OTHER_TENANT)
    first = browser.authorize(PORTAL, "openid", press={})
    second = browser.authorize(PORTAL, "openid", press={}, authority=OTHER_TENANT)
    assert (first.pages, second.pages) == (0, 0)
    token = microsoft.redeem(code_form(first), "organizations").json()["id_token"]
    assert claims_of(token)["oid"] == ONE
    token = microsoft.redeem(code_form(second), "organizations").json()["id_token"]
    assert (claims_of(token)["oid"], claims_of(token)["tid"]) == (OTHER, OTHER_TENANT)


@pytest.mark.parametrize("authority", [TENANT, "organizations"])
def test_cancelling_is_access_denied(browser: Browser, authority: str) -> None:
    done = browser.authorize(API, "openid", press={"cancel": "yes"}, authority=authority)
    assert done.parameters["error"] == "access_denied"
    assert done.parameters["state"] == "the state"
    assert "code" not in done.parameters


@pytest.mark.parametrize("authority", [TENANT, "organizations"])
def test_prompt_none_never_shows_a_page(browser: Browser, authority: str) -> None:
    done = browser.authorize(PORTAL, "openid", press={}, authority=authority, prompt="none")
    assert (done.pages, done.parameters["error"]) == (0, "login_required")
    browser.authorize(PORTAL, "openid", press=pick(ONE))
    done = browser.authorize(PORTAL, "openid", press={}, authority=authority, prompt="none")
    assert (done.pages, "code" in done.parameters) == (0, True)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"redirect_uri": "http://localhost:7071/elsewhere"}, "redirect_uri"),
        ({"redirect_uri": "https://elsewhere.example/"}, "redirect_uri"),
        ({"client_id": "ffffffff-0000-4000-8000-00000000000f"}, "AADSTS700016"),
    ],
)
def test_what_cannot_be_trusted_is_a_page_and_no_redirect(
    microsoft: Microsoft, change: dict[str, str], says: str
) -> None:
    query = {"client_id": API, "response_type": "code", "redirect_uri": API_REDIRECT, "scope": "openid", **change}
    answer = microsoft.http.get(f"/entra/{TENANT}/oauth2/v2.0/authorize", params=query)
    assert answer.status_code == 400
    assert says in answer.text
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("client", [API, PORTAL])
def test_pkce_is_required(microsoft: Microsoft, client: str) -> None:
    redirect = API_REDIRECT if client == API else PORTAL_REDIRECT
    query = {"client_id": client, "response_type": "code", "redirect_uri": redirect, "scope": "openid"}
    answer = microsoft.http.get(f"/entra/{TENANT}/oauth2/v2.0/authorize", params=query)
    assert answer.headers["location"].startswith(f"{redirect}?error=invalid_request")


def test_a_rotated_key_signs_and_the_old_one_stays_published(microsoft: Microsoft) -> None:
    before = microsoft.token()
    kid = microsoft.control("keys/rotate", {"tenant": TENANT})["kid"]
    after = microsoft.redeem(graph_form(microsoft)).json()["access_token"]
    keys = microsoft.http.get(f"/entra/{TENANT}/discovery/v2.0/keys").json()["keys"]
    assert keys[0]["kid"] == kid
    assert microsoft.verified(after)["aud"] == microsoft.verified(before)["aud"] == GRAPH
    microsoft.control("keys/rotate", {"tenant": TENANT, "forget": True})
    keys = microsoft.http.get(f"/entra/{TENANT}/discovery/v2.0/keys").json()["keys"]
    assert len(keys) == 1
    assert microsoft.graph("GET", "/subscriptions", token=before).status_code == 401


def test_tokens_to_order(microsoft: Microsoft) -> None:
    token = microsoft.token(audience="api", user="admin")
    claims = microsoft.verified(token)
    assert (claims["aud"], claims["oid"], claims["roles"]) == (API, ADMIN, ["Connector.Admin"])
    other = claims_of(microsoft.token(audience="api", user="admin", overrides={"tid": "x", "roles": None}))
    assert other["tid"] == "x"
    assert "roles" not in other
    bad = microsoft.token(audience="api", user="admin", badSignature=True)
    with pytest.raises(Exception, match="Verification failed"):
        microsoft.verified(bad)
    assert microsoft.redeem({"client_assertion_type": JWT_BEARER}).status_code == 400


def test_signing_out_forgets_the_session(microsoft: Microsoft, browser: Browser) -> None:
    browser.authorize(PORTAL, "openid", press=pick(ONE))
    page = browser.http.get(f"{microsoft.url}/entra/{TENANT}/oauth2/v2.0/logout", params={"client_id": PORTAL})
    secret = page.text.split('name="xsrf" value="')[1].split('"')[0]
    form = {"xsrf": secret, "logout": "yes"}
    action = page.text.split('action="')[1].split('"')[0]
    assert browser.http.post(action, data=form, follow_redirects=True).status_code == 200
    assert browser.authorize(PORTAL, "openid", press=pick(ONE)).pages == 1

"""Consent: what the tenant of the one who began it has consented to, whatever the redirect says."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from sandbox.demo.browser import Browser
from shared.clock import utc_now
from shared.errors import ConnectorError
from shared.identifiers import Geography
from shared.microsoft.consent import PERMISSIONS, Consents, is_complete
from tests.contract.graph.parts import SEALER, Parts
from tests.support.connections import OTHER_TENANT, TENANT
from tests.support.connector import USERS

NEEDED = [name for name, needed in PERMISSIONS.items() if needed]


def consents(microsoft: Parts, now: Callable[..., Any] = utc_now) -> Consents:
    redirect = f"{microsoft.connector.url}/api/consent/callback"
    return Consents(microsoft.entra, SEALER, Geography.EMEA, now, redirect)


def set_consent(microsoft: Parts, roles: list[str] | None, tenant: str = TENANT.tenant) -> None:
    microsoft.control.post("/control/consent", json={"tenant": tenant, "roles": roles}).raise_for_status()


def granted(microsoft: Parts) -> list[str]:
    return [one.name for one in consents(microsoft).permissions(TENANT) if one.granted]


def test_what_was_consented_to_is_seen_at_once(microsoft: Parts) -> None:
    assert granted(microsoft) == list(PERMISSIONS)
    set_consent(microsoft, NEEDED)
    assert granted(microsoft) == NEEDED
    assert is_complete(consents(microsoft).permissions(TENANT))
    set_consent(microsoft, NEEDED[1:])
    assert granted(microsoft) == NEEDED[1:]
    assert not is_complete(consents(microsoft).permissions(TENANT))
    set_consent(microsoft, [])
    assert granted(microsoft) == []


def test_an_app_that_is_not_in_the_tenant_has_no_permission(microsoft: Parts) -> None:
    set_consent(microsoft, None)
    assert granted(microsoft) == []
    with pytest.raises(ConnectorError, match="no_consent"):
        microsoft.entra.graph_token(TENANT.tenant)


def test_while_microsoft_is_away_nothing_is_said(microsoft: Parts) -> None:
    microsoft.fault(r"/entra/[^/]+/oauth2/v2\.0/token", status=503)
    with pytest.raises(ConnectorError, match="microsoft_unavailable"):
        consents(microsoft).permissions(TENANT)


def through(microsoft: Parts, url: str, name: str, value: str) -> dict[str, list[str]]:
    """The query with which the browser comes back."""
    browser = Browser()
    browser.open(url)
    browser.press(name, value)
    return parse_qs(urlsplit(str(browser.page.url)).query)


def test_an_administrator_consents(microsoft: Parts) -> None:
    set_consent(microsoft, None)
    use = consents(microsoft)
    start = use.start(TENANT)
    assert not use.finish(start.cookie, start.state)
    query = through(microsoft, start.url, "account", str(USERS["admin"]["oid"]))
    assert query["admin_consent"] == ["True"]
    assert query["tenant"] == [TENANT.tenant]
    assert query["state"] == [start.state]
    assert use.finish(start.cookie, query["state"][0])


def test_an_administrator_declines(microsoft: Parts) -> None:
    set_consent(microsoft, None)
    use = consents(microsoft)
    start = use.start(TENANT)
    query = through(microsoft, start.url, "cancel", "yes")
    # Microsoft says that consent was given here, too.
    assert (query["admin_consent"], query["error"]) == (["True"], ["access_denied"])
    assert not use.finish(start.cookie, query["state"][0])


def test_the_tenant_in_the_redirect_counts_for_nothing(microsoft: Parts) -> None:
    """Whoever's tenant the redirect names: what is looked at is the tenant of who began."""
    set_consent(microsoft, None)
    use = consents(microsoft)
    other = use.start(OTHER_TENANT)
    mine = use.start(TENANT)
    assert use.finish(other.cookie, other.state)
    assert not use.finish(mine.cookie, mine.state)


def test_a_state_belongs_to_the_browser_that_began_and_for_a_time(microsoft: Parts) -> None:
    use = consents(microsoft)
    one, other = use.start(TENANT), use.start(TENANT)
    later = consents(microsoft, lambda: utc_now().replace(year=utc_now().year + 1))
    foreign = SEALER.seal("ehr sign-in", "{}")
    for where, cookie, state in (
        (use, one.cookie, other.state),
        (use, "", one.state),
        (use, "made up", one.state),
        (use, foreign, one.state),
        (later, one.cookie, one.state),
    ):
        with pytest.raises(ConnectorError, match="launch_not_started"):
            where.finish(cookie, state)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"client_id": "cccccccc-0000-4000-8000-00000000b0a1"}, 400),
        ({"redirect_uri": "https://attacker.example/"}, 400),
        ({"scope": "https://graph.microsoft.com/User.Read"}, 400),
    ],
)
def test_the_stand_in_refuses_what_entra_refuses(microsoft: Parts, change: dict[str, str], status: int) -> None:
    url = httpx.URL(consents(microsoft).start(TENANT).url)
    assert httpx.get(url).status_code == 200
    assert httpx.get(url.copy_merge_params(change)).status_code == status
    staff = {"account": f"{TENANT.tenant}|{USERS['staff']['oid']}"}
    assert httpx.post(url, data=staff).status_code == 403
    elsewhere = {"account": f"{OTHER_TENANT.tenant}|{USERS['other-admin']['oid']}"}
    assert httpx.post(url, data=elsewhere).status_code == 400

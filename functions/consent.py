"""Consent: an administrator sees what Microsoft lets the connector do, and goes there to allow it."""

from typing import Any

import azure.functions as func

from functions.answers import Answer, Cookie, Json, Redirect
from functions.callbacks import state_cookie
from functions.edge import ADMIN_ROLE, Access, Call, Kind, door
from functions.models import ConsentOut, ConsentStartOut, PermissionOut
from shared.errors import ConnectorError
from shared.visits.ways import cookie_name

blueprint = func.Blueprint()
_UNDER_WAY = "consent"


@door(blueprint, "GET", "consent", access=Access.READER, answer=ConsentOut)
def get_consent(call: Call[Any]) -> Answer:
    """What the tenant has consented to, as Entra says now; for administrators and auditors."""
    if not call.caller.reads_all:
        raise ConnectorError("role_missing", role=ADMIN_ROLE)
    permissions = call.connector.consents.permissions(call.caller.tenant)
    told = [PermissionOut(name=one.name, needed=one.needed, granted=one.granted) for one in permissions]
    return Json(ConsentOut(complete=all(one.granted for one in told if one.needed), permissions=told))


@door(blueprint, "POST", "consent", access=Access.ADMIN, answer=ConsentStartOut)
def start_consent(call: Call[Any]) -> Answer:
    """Begin the consent: the answer says where the browser goes, the cookie holds its state."""
    start = call.connector.consents.start(call.caller.tenant)
    cookie = Cookie(cookie_name(_UNDER_WAY, start.state), start.cookie, start.seconds)
    return Json(ConsentStartOut(consent_url=start.url), cookies=(cookie,))


@door(blueprint, "GET", "consent/callback", kind=Kind.PAGE)
def finish_consent(call: Call[Any]) -> Answer:
    """The administrator is back from Microsoft. What the redirect says of a tenant is not looked at."""
    state, cookie = state_cookie(call, _UNDER_WAY)
    complete = call.connector.consents.finish(cookie, state)
    refused = not complete and bool(call.query.get("error"))
    result = "given" if complete else "refused" if refused else "missing"
    portal_url = call.connector.settings.portal_url(f"/organisation?consent={result}")
    return Redirect(portal_url, (Cookie(cookie_name(_UNDER_WAY, state), "", 0),))

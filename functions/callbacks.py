"""What all OAuth callbacks share: finding the browser's own sealed state, and reading the answer (RFC 6749 4.1.2)."""

from typing import Any

from functions.edge import Call
from shared.errors import ConnectorError
from shared.visits.ways import cookie_name

_MAX_STATE = 512
_MAX_CODE = 16 * 1024
_EHR_ERRORS = {
    "access_denied": "ehr_access_denied",
    "invalid_launch_token": "ehr_invalid_launch",
    "invalid_launch": "ehr_invalid_launch",
    "unauthorized_client": "ehr_unauthorized_client",
    "invalid_client": "ehr_unauthorized_client",
}
_MICROSOFT_ERRORS = {"access_denied": "sign_in_denied"}


def state_cookie(call: Call[Any], purpose: str) -> tuple[str, str]:
    """The state of a callback and the cookie that this browser keeps for it. Raises launch_not_started."""
    state = call.one("state")
    cookie = call.cookies.get(cookie_name(purpose, state), "") if state and len(state) <= _MAX_STATE else ""
    if not cookie:
        raise ConnectorError("launch_not_started")
    return state, cookie


def answered_code(call: Call[Any], *, microsoft: bool = False) -> str:
    """The code that came back. Raises the error of the catalogue if the other side sent one instead."""
    errors = call.query.get("error", ())
    if errors:
        if microsoft:
            raise ConnectorError(_MICROSOFT_ERRORS.get(errors[0], "sign_in_failed"))
        raise ConnectorError(_EHR_ERRORS.get(errors[0], "ehr_refused"))
    codes = call.query.get("code", ())
    if len(codes) > 1:
        raise ConnectorError("launch_parameter_repeated", parameter="code")
    if not codes or not codes[0] or len(codes[0]) > _MAX_CODE:
        raise ConnectorError("launch_parameter_missing", parameter="code")
    return codes[0]

"""Epic's call to set the connection status of a participant.

What is public of it: five fields in the query, 200 with `{"Status":"1"}`, 400 with an `ExceptionMessage` that
holds a code. Path, method, codes and vendor name are settings of the connection.
"""

import re
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol

import httpx

from shared.clock import Clock
from shared.connections.model import Connection, Content, EhrKind, StatusCall
from shared.errors import ConnectorError
from shared.http import AnswerTooLargeError, ForbiddenAddressError, json_object, read
from shared.identifiers import ConnectionKey, Environment
from shared.presence.model import State
from shared.visits.ports import Abilities, StatusMessage, Told

PERMANENT_CODES = (
    "NO-CONFERENCE-ID",
    "NO-USER-ID-TYPE",
    "NO-USER-ID",
    "NO-VENDOR-NAME",
    "NO-CONNECTION-STATUS",
    "INVALID-CONFERENCE-ID",
    "INVALID-USER-ID-TYPE",
    "INVALID-USER-ID",
    "INVALID-CONNECTION-STATUS",
)
TRANSIENT_CODE = "LOCK-FAILED"
_RETRIED_FAILURES = frozenset({"ehr_unreachable", "ehr_answer_invalid"})
_RETRIED_STATUSES = frozenset({408, 425, 429})
_FHIR_TAIL = re.compile(r"/api/FHIR/[A-Za-z0-9]+$", re.IGNORECASE)
_EXPIRY_MARGIN = timedelta(seconds=60)
_LONGEST_RETRY_AFTER = timedelta(hours=2)


class BackendTokens(Protocol):
    """Tokens for calls without a user."""

    def backend_token(self, base_url: str, environment: Environment, scope: str) -> tuple[str, timedelta]:
        """A token and how long it lasts."""
        ...


class EpicStatus:
    """The real StatusTeller for connections of kind `epic`; for kind `none` there is nothing to tell."""

    def __init__(
        self,
        http: httpx.Client,
        tokens: BackendTokens,
        connection: Callable[[ConnectionKey], Connection | None],
        now: Clock,
    ) -> None:
        self._http = http
        self._tokens = tokens
        self._connection = connection
        self._now = now
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, Environment, str], tuple[datetime, str]] = {}

    def abilities(self, connection: ConnectionKey) -> Abilities:
        """The states that this connection's EHR has a code for; it stamps the time itself."""
        content = self._content(connection)
        if content is None:
            return Abilities()
        return Abilities(frozenset(state for state, code in _codes(content.settings.status_call).items() if code))

    def tell(self, connection: ConnectionKey, message: StatusMessage) -> Told:
        """Tell it, once; a token that has just run out is replaced and the call made again."""
        content = self._content(connection)
        if content is None:
            return Told(delivered=False, reason="connection is gone")
        try:
            answer = self._call(content, message, fresh_token=False)
            if answer.status_code == httpx.codes.UNAUTHORIZED:
                answer = self._call(content, message, fresh_token=True)
        except ConnectorError as failed:
            retried = failed.code in _RETRIED_FAILURES
            return Told(delivered=False, retry=retried, reason=failed.code, down=retried)
        except (httpx.HTTPError, AnswerTooLargeError) as failed:
            return Told(delivered=False, retry=True, reason=type(failed).__name__, down=True)
        except ForbiddenAddressError:
            return Told(delivered=False, reason="private address")
        return understood(answer, self._now())

    def _content(self, key: ConnectionKey) -> Content | None:
        connection = self._connection(key)
        content = connection.approved if connection else None
        return content if content and content.ehr_kind is EhrKind.EPIC else None

    def _call(self, content: Content, message: StatusMessage, *, fresh_token: bool) -> httpx.Response:
        call = content.settings.status_call
        fields = {
            "ConferenceID": message.session_id,
            "ExternalID": message.user.external_id,
            "ExternalIDType": message.user.external_id_type,
            "VendorName": call.vendor_name,
            "ConnectionStatus": str(_codes(call)[message.state]),
        }
        token = self._token(content, fresh=fresh_token)
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        base = call.base_url or _FHIR_TAIL.sub("", content.fhir_base_url)
        return read(self._http, call.method, base + call.path, params=fields, headers=headers)

    def _token(self, content: Content, *, fresh: bool) -> str:
        key = (content.fhir_base_url, content.environment, content.settings.status_call.scope)
        with self._lock:
            kept = self._kept.get(key)
        if kept and not fresh and kept[0] > self._now():
            return kept[1]
        token, lifetime = self._tokens.backend_token(*key)
        with self._lock:
            self._kept[key] = (self._now() + lifetime - _EXPIRY_MARGIN, token)
        return token


def understood(answer: httpx.Response, now: datetime) -> Told:
    """What the EHR's answer means: done, try again, or never. Pure.

    Tried again are 408, 425, 429, every 5xx and `LOCK-FAILED`; and a 200 without JSON, which is the maintenance
    page of something in front of the EHR. Nothing else.
    """
    text = answer.text[:20_000]
    if answer.status_code == httpx.codes.OK:
        body = json_object(answer)
        if body is None:
            return Told(delivered=False, retry=True, reason="200 without JSON", down=True)
        if str(body.get("Status")) == "1":
            return Told(delivered=True)
        return Told(delivered=False, reason="200 without Status 1")
    if answer.status_code in _RETRIED_STATUSES or answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
        after = _retry_after(answer.headers, now)
        return Told(delivered=False, retry=True, retry_after=after, reason=f"HTTP {answer.status_code}", down=True)
    if TRANSIENT_CODE in text:
        return Told(delivered=False, retry=True, reason=TRANSIENT_CODE)
    code = next((one for one in PERMANENT_CODES if re.search(rf"{one}(?![A-Z-])", text)), "")
    return Told(delivered=False, reason=code or f"HTTP {answer.status_code}")


def _codes(call: StatusCall) -> Mapping[State, str | None]:
    return {
        State.WAITING: call.code_waiting,
        State.CONNECTED: call.code_connected,
        State.DISCONNECTED: call.code_disconnected,
    }


def _retry_after(headers: httpx.Headers, now: datetime) -> timedelta | None:
    """RFC 9110 section 10.2.3: seconds or a date; held within bounds."""
    value = headers.get("Retry-After", "").strip()
    if not value:
        return None
    try:
        wait = timedelta(seconds=int(value)) if value.isdigit() else parsedate_to_datetime(value) - now
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wait, timedelta(seconds=1)), _LONGEST_RETRY_AFTER)

"""Epic's call to set the connection status of a participant.

What is public of it: five fields in the query, 200 with `{"Status":"1"}`, 400 with an `ExceptionMessage` that
holds a code. Path, method, codes and vendor name are settings of the connection. The call carries a token, or at
older sites HTTP Basic of a system user with `Epic-Client-ID`.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from secrets import token_urlsafe

import httpx

from shared.clock import Clock
from shared.connections.model import ConnectionSettings
from shared.connections.telling import StatusCall
from shared.ehr.answers import DELIVERED, MAINTENANCE, given_up, refused
from shared.ehr.backend import Backend
from shared.ehr.basic import BasicCalls
from shared.ehr.kinds import Addressee
from shared.http import json_object
from shared.identifiers import Role
from shared.presence.model import State
from shared.visits.ports import Abilities, EhrUser, StatusMessage, Told

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
_NO_SUCH_CONFERENCE = "connector-test"
_EXPECTED_REFUSALS = ("INVALID-CONFERENCE-ID", "INVALID-USER-ID")
_FHIR_TAIL = re.compile(r"/api/FHIR/[A-Za-z0-9]+$", re.IGNORECASE)


class EpicStatus:
    """The kind `epic`."""

    def __init__(self, backend: Backend, basic: BasicCalls, now: Clock) -> None:
        self._backend = backend
        self._basic = basic
        self._now = now

    def abilities(self, settings: ConnectionSettings) -> Abilities:
        """The states that there is a code for; Epic stamps the time itself."""
        return Abilities(frozenset(state for state, code in _codes(settings.status_call).items() if code))

    def tell(self, to: Addressee, message: StatusMessage) -> Told:
        """Tell it, once."""
        call = to.settings.status_call
        fields = {
            "ConferenceID": message.session_id,
            "ExternalID": message.user.external_id,
            "ExternalIDType": message.user.external_id_type,
            "VendorName": call.vendor_name,
            "ConnectionStatus": str(_codes(call)[message.state]),
        }
        url = (call.base_url or _FHIR_TAIL.sub("", to.content.fhir_base_url)) + call.path
        send = (
            self._basic.sender(to) if call.authentication == "basic" else self._backend.sender(to.content, call.scope)
        )
        answer = send(call.method, url, params=fields, headers={"Accept": "application/json"})
        return understood(answer, self._now())

    def try_out(self, to: Addressee) -> Told:
        """The call with a conference that cannot exist: the right refusal is the right answer."""
        user = EhrUser(_NO_SUCH_CONFERENCE, to.settings.mnemonics.provider_id_type)
        message = StatusMessage(
            _NO_SUCH_CONFERENCE, user, Role.PROVIDER, State.CONNECTED, self._now(), token_urlsafe(8)
        )
        told = self.tell(to, message)
        return DELIVERED if told.reason in _EXPECTED_REFUSALS else told


def understood(answer: httpx.Response, now: datetime) -> Told:
    """What the EHR's answer means: done, try again, or never. Pure.

    Beside what any EHR is tried again for, that is `LOCK-FAILED`. Nothing else.
    """
    text = answer.text[:20_000]
    if answer.status_code == httpx.codes.OK:
        body = json_object(answer)
        if body is None:
            return MAINTENANCE
        return DELIVERED if str(body.get("Status")) == "1" else given_up("200 without Status 1")
    told = refused(answer, now)
    if told.retry:
        return told
    if TRANSIENT_CODE in text:
        return Told(delivered=False, retry=True, reason=TRANSIENT_CODE)
    code = next((one for one in PERMANENT_CODES if re.search(rf"{one}(?![A-Z-])", text)), "")
    return given_up(code) if code else told


def _codes(call: StatusCall) -> Mapping[State, str | None]:
    return {
        State.WAITING: call.code_waiting,
        State.CONNECTED: call.code_connected,
        State.DISCONNECTED: call.code_disconnected,
    }

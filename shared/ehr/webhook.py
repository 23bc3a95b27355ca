"""Any other system, told by events that it can check. Standard Webhooks: headers, signatures, answers.

The secret is derived from the connection and a version of the settings. Each event is signed with this version and
the one before, so that a receiver can change to a new secret at any time.
"""

import base64
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from secrets import token_urlsafe
from typing import Any

import httpx

from shared.clock import Clock
from shared.connections.model import ConnectionSettings
from shared.connections.webhook_secrets import WebhookSecrets
from shared.ehr.answers import DELIVERED, given_up, refused
from shared.ehr.kinds import Addressee, event_id
from shared.http import read
from shared.identifiers import Role
from shared.presence.model import State
from shared.visits.ports import Abilities, StatusMessage, Told

_PEOPLE_STATES = frozenset({State.WAITING, State.CONNECTED, State.DISCONNECTED})
_OF_THE_ADDRESS = frozenset({401, 403, 404})
"""Refusals that have nothing to do with the one event that met them."""


class WebhookTeller:
    """The kind `webhook`."""

    def __init__(self, http: httpx.Client, secrets: WebhookSecrets, now: Clock) -> None:
        self._http = http
        self._secrets = secrets
        self._now = now

    def abilities(self, settings: ConnectionSettings) -> Abilities:
        """Every state; of the meeting only if its address may be told. The time goes along."""
        if not settings.webhook.url:
            return Abilities()
        meeting = frozenset({State.OPENED} if settings.webhook.join_url else ())
        return Abilities(_PEOPLE_STATES, stamps_time=False, by_role={Role.MEETING: meeting})

    def tell(self, to: Addressee, message: StatusMessage) -> Told:
        """Post one event; its id is the same on every try."""
        return self._post(to, f"msg_{event_id(message)}", event(to, message))

    def try_out(self, to: Addressee) -> Told:
        """Post an event that says nothing."""
        data = {"connection": to.key.connection, "environment": to.content.environment.value}
        ping = {"type": "connector.ping", "timestamp": self._now().isoformat(), "data": data}
        return self._post(to, f"msg_{token_urlsafe(24)}", ping)

    def _post(self, to: Addressee, event_id: str, body: Mapping[str, Any]) -> Told:
        webhook = to.settings.webhook
        if not webhook.url:
            return given_up("no address")
        payload = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
        versions = {webhook.secret_version, max(1, webhook.secret_version - 1)}
        keys = [self._secrets.key(to.key, version) for version in sorted(versions, reverse=True)]
        headers = {"Content-Type": "application/json", **signed(event_id, self._now(), payload, keys)}
        return understood(read(self._http, "POST", webhook.url, content=payload, headers=headers), self._now())


def event(to: Addressee, message: StatusMessage) -> Mapping[str, Any]:
    """The body of one event. The meeting is nobody: its events carry its address in place of a person."""
    at = message.at.isoformat()
    data = {
        "connection": to.key.connection,
        "environment": to.content.environment.value,
        "sessionId": message.session_id,
        "role": message.role.value,
        "state": message.state.value,
        "at": at,
        "source": message.source.value,
    }
    if message.role is Role.MEETING:
        return {
            "type": f"visit.meeting.{message.state.value}",
            "timestamp": at,
            "data": {**data, "joinUrl": message.join_url},
        }
    person = {"externalId": message.user.external_id, "externalIdType": message.user.external_id_type}
    return {"type": f"visit.participant.{message.state.value}", "timestamp": at, "data": {**data, **person}}


def signed(event_id: str, now: datetime, payload: bytes, keys: Sequence[bytes]) -> Mapping[str, str]:
    """The headers of one try: HMAC-SHA-256 over id, time of the try and body, once with each key."""
    seconds = str(int(now.timestamp()))
    content = b".".join((event_id.encode(), seconds.encode(), payload))
    signatures = (base64.b64encode(hmac.digest(key, content, "sha256")).decode() for key in keys)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def understood(answer: httpx.Response, now: datetime) -> Told:
    """What a receiver's answer means. Pure.

    As the specification has it: any 2xx is success, 410 is the end, and everything else is a failure that is tried
    again, a refusal too: receivers rely on it while they are being set right.
    """
    if answer.is_success:
        return DELIVERED
    told = refused(answer, now)
    if told.retry or answer.status_code == httpx.codes.GONE:
        return told
    return replace(told, retry=True, down=answer.is_redirect or answer.status_code in _OF_THE_ADDRESS)

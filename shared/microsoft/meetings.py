"""Teams meetings and their subscriptions.

Graph v1.0 `onlineMeeting: createOrGet` and `update`; beta `meetingCallEvents` subscriptions.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx

from shared.clock import Clock
from shared.connections.ports import DirectoryUser
from shared.errors import ConnectorError
from shared.identifiers import TenantKey, VisitKey
from shared.keys import Keys
from shared.microsoft.graph import Graph, checked, error_message
from shared.microsoft.reading import identity, lowered, objects
from shared.settings import Settings
from shared.visits.model import Meeting, Subscription
from shared.visits.ports import MeetingWish

_LONGEST = timedelta(minutes=4230)
_MAX_ID = 128
_KEPT_USERS_FOR = timedelta(minutes=10)
_OBJECT_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MEETING_SETTINGS: Mapping[str, Any] = {
    "lobbyBypassSettings": {"scope": "organization", "isDialInBypassEnabled": False},
    "allowedLobbyAdmitters": "organizerAndCoOrganizersAndPresenters",
    "allowedPresenters": "organizer",
    "allowMeetingChat": "limited",
    "allowRecording": False,
    "allowTranscription": False,
    "recordAutomatically": False,
    "isEntryExitAnnounced": False,
}


class GraphMeetings:
    """The real Meetings and Directory."""

    def __init__(
        self, graph: Graph, keys: Keys, settings: Settings, client_state: Callable[[VisitKey], str], now: Clock
    ) -> None:
        self._graph = graph
        self._keys = keys
        self._settings = settings
        self._client_state = client_state
        self._now = now
        self._v1 = str(settings.graph_base_url).rstrip("/")
        self._beta = str(settings.graph_beta_base_url).rstrip("/")
        self._users: dict[tuple[str, str], tuple[datetime, DirectoryUser]] = {}

    def create_or_get(self, tenant: TenantKey, organizer: str, wish: MeetingWish) -> Meeting:
        """The meeting of that organizer with that external id: 201 made, 200 there already."""
        body = {
            "externalId": wish.external_id,
            "subject": wish.subject,
            "startDateTime": _zulu(wish.starts),
            "endDateTime": _zulu(wish.ends),
        }
        url = f"{self._v1}/users/{organizer}/onlineMeetings/createOrGet"
        found = checked(self._graph.send(tenant.tenant, "POST", url, body=body))
        meeting_id, join_url = found.get("id"), found.get("joinWebUrl")
        if not isinstance(meeting_id, str) or not isinstance(join_url, str):
            raise ConnectorError("microsoft_unavailable")
        return Meeting(meeting_id, join_url, organizer, _dial_in(found))

    def configure(self, tenant: TenantKey, meeting: Meeting, co_organizers: Sequence[str]) -> None:
        """Lobby, presenters, chat, recording. Attendees are replaced as a whole, so others' are read and merged."""
        body: dict[str, Any] = dict(_MEETING_SETTINGS)
        url = f"{self._v1}/users/{meeting.organizer}/onlineMeetings/{quote(meeting.meeting_id, safe='')}"
        if co_organizers:
            present = checked(self._graph.send(tenant.tenant, "GET", url))
            body["participants"] = {"attendees": self._merged(tenant, present, co_organizers)}
        checked(self._graph.send(tenant.tenant, "PATCH", url, body=body))

    def subscribe(self, key: VisitKey, meeting: Meeting, expires: datetime) -> Subscription | None:
        """Subscribe to the meeting's call events. A second subscription to the same is a 409 that names the first."""
        certificate_id, certificate = self._keys.certificate()
        expires = min(expires, self._now() + _LONGEST)
        encoded = quote(meeting.join_url, safe="")
        body = {
            "changeType": "updated",
            "notificationUrl": self._settings.public_url("/api/graph/notifications"),
            "lifecycleNotificationUrl": self._settings.public_url("/api/graph/lifecycle"),
            "resource": f"communications/onlineMeetings(joinWebUrl='{encoded}')/meetingCallEvents",
            "includeResourceData": True,
            "encryptionCertificate": certificate,
            "encryptionCertificateId": certificate_id,
            "expirationDateTime": _zulu(expires),
            "clientState": self._client_state(key),
        }
        tenant = key.connection.tenant
        answer = self._graph.send(tenant.tenant, "POST", f"{self._beta}/subscriptions", body=body)
        if answer.status_code == httpx.codes.CONFLICT:
            # Only the message names the subscription; the error also holds the ids of the request.
            existing = _OBJECT_ID.search(error_message(answer))
            # Nobody knows how long it still lives: prolonged now, it lives as long as a new one.
            named = Subscription(existing.group().lower(), expires) if existing else None
            renewed = self.renew(tenant, named, expires) if named else None
            return replace(renewed, prolonged=self._now()) if renewed else None
        if answer.status_code == httpx.codes.FORBIDDEN and _says_limit(error_message(answer)):
            raise ConnectorError("subscription_limit")
        made = checked(answer).get("id")
        if not isinstance(made, str) or not 0 < len(made) <= _MAX_ID:
            raise ConnectorError("microsoft_unavailable")
        return Subscription(made, expires)

    def renew(self, tenant: TenantKey, subscription: Subscription, expires: datetime) -> Subscription | None:
        """Prolong a subscription; None if it is gone."""
        expires = min(expires, self._now() + _LONGEST)
        answer = self._graph.send(
            tenant.tenant, "PATCH", self._subscription(subscription), body={"expirationDateTime": _zulu(expires)}
        )
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        checked(answer)
        return Subscription(subscription.subscription_id, expires)

    def unsubscribe(self, tenant: TenantKey, subscription: Subscription) -> None:
        """End a subscription; one that is gone is fine."""
        answer = self._graph.send(tenant.tenant, "DELETE", self._subscription(subscription))
        if answer.status_code != httpx.codes.NOT_FOUND:
            checked(answer)

    def may_organise(self, tenant: TenantKey, organizer: str) -> bool:
        """Whether an application access policy covers this organizer.

        Asked by looking for a meeting that cannot exist: 403 names the missing policy, all else means it is there.
        """
        query = quote("JoinWebUrl eq 'https://connector.invalid/'", safe="")
        answer = self._graph.send(tenant.tenant, "GET", f"{self._v1}/users/{organizer}/onlineMeetings?$filter={query}")
        try:
            checked(answer)
        except ConnectorError as refused:
            if refused.code in ("microsoft_unavailable", "microsoft_throttled", "no_consent"):
                raise
            return refused.code != "meeting_access_policy"
        return True

    def find(self, tenant: TenantKey, user: str) -> DirectoryUser | None:
        """The tenant's user with that user name or object id, or None; kept for some minutes, in memory."""
        kept = self._users.get((tenant.tenant, user.lower()))
        if kept and self._now() - kept[0] < _KEPT_USERS_FOR:
            return kept[1]
        url = f"{self._v1}/users/{quote(user, safe='@')}?$select=id,userPrincipalName"
        answer = self._graph.send(tenant.tenant, "GET", url) if user else None
        if answer is None or answer.status_code in (httpx.codes.NOT_FOUND, httpx.codes.BAD_REQUEST):
            return None
        body = checked(answer)
        # "delta" or ".." are user names to an administrator and other routes to Graph.
        if not _OBJECT_ID.fullmatch(str(body.get("id", ""))):
            return None
        found = DirectoryUser(str(body["id"]).lower(), str(body.get("userPrincipalName", "")))
        self._users[tenant.tenant, user.lower()] = (self._now(), found)
        return found

    def _subscription(self, subscription: Subscription) -> str:
        return f"{self._v1}/subscriptions/{quote(subscription.subscription_id, safe='')}"

    def _merged(
        self, tenant: TenantKey, present: Mapping[str, Any], co_organizers: Sequence[str]
    ) -> list[Mapping[str, Any]]:
        participants = present.get("participants")
        there = objects(participants.get("attendees")) if isinstance(participants, dict) else []
        others = [one for one in there if _object_id(one) not in co_organizers]
        return [*others, *(self._co_organizer(tenant, one) for one in co_organizers)]

    def _co_organizer(self, tenant: TenantKey, object_id: str) -> Mapping[str, Any]:
        user = self.find(tenant, object_id)
        return {
            "identity": {"user": {"id": object_id}},
            "upn": user.user_name if user else None,
            "role": "coorganizer",
        }


def _dial_in(meeting: Mapping[str, Any]) -> str:
    """The number to dial and the conference's own number, where the organizer's licence has dial-in."""
    audio = meeting.get("audioConferencing")
    if not isinstance(audio, dict):
        return ""
    number, conference = audio.get("tollFreeNumber") or audio.get("tollNumber"), audio.get("conferenceId")
    return f"{number}, {conference}#" if number and conference else ""


def _says_limit(message: str) -> bool:
    """Whether a refusal is about the number of subscriptions.

    Graph publishes that it is a 403 with a message, not the message: "Maximum number of subscriptions has been
    reached" was seen for other resources. A refusal for want of a permission says nothing of the kind.
    """
    words = message.lower()
    return "subscription" in words and any(word in words for word in ("limit", "maximum", "quota", "exceed"))


def _object_id(attendee: Mapping[str, Any]) -> str:
    return identity(lowered(attendee.get("identity"))).object_id


def _zulu(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

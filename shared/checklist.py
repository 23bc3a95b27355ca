"""The test launch: every part of a visit tried for real, one line each, without a visit.

Nothing is written to the EHR: each kind has a call of its own that shows that telling would work.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from secrets import token_urlsafe
from typing import Any
from urllib.parse import quote

import httpx

from shared.connections.doctor import Doctor, Severity
from shared.connections.model import Connection, Content
from shared.connections.scopes import backend_scope
from shared.ehr.kinds import Kinds
from shared.ehr.smart import SmartEhr
from shared.errors import ConnectorError
from shared.http import AnswerTooLargeError, read
from shared.keys import Keys
from shared.microsoft.entra import Entra
from shared.microsoft.meetings import GraphMeetings
from shared.settings import Settings


class Light(StrEnum):
    """How a line came out."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True)
class Line:
    """One line: its code in `messages/checklist.json` with the light as suffix, and commands to run, if any."""

    code: str
    light: Light
    reason: str = ""
    commands: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Checklist:
    """What the test launch tries with."""

    doctor: Doctor
    smart: SmartEhr
    teller: Kinds
    entra: Entra
    meetings: GraphMeetings
    keys: Keys
    http: httpx.Client
    settings: Settings

    def run(self, connection: Connection, clinician: str) -> Iterator[Line]:
        """All lines, in the order of a visit. Never raises: a failure is a red line."""
        content = connection.approved or connection.content
        yield self._ehr(content)
        yield self._key(content)
        if backend_scope(content):
            yield self._line("backend_token", lambda: self._backend(content))
        yield self._line("graph_token", lambda: self._graph(connection))
        yield self._policy(connection, clinician)
        yield self._door()
        yield self._status_call(connection)

    def _ehr(self, content: Content) -> Line:
        checkup = self.doctor.check(content.fhir_base_url, content.environment)
        worst = next((one.code for one in checkup.findings if one.severity is Severity.PROBLEM), "")
        warned = any(one.severity is Severity.WARNING for one in checkup.findings)
        light = Light.RED if worst else Light.AMBER if warned else Light.GREEN
        return Line("ehr_reachable", light, worst)

    def _key(self, content: Content) -> Line:
        url = self.settings.public_url(f"/api/keys/{content.environment.value}/jwks.json")
        try:
            published = read(self.http, "GET", url).json()
        except (httpx.HTTPError, AnswerTooLargeError, ValueError):
            return Line("key_published", Light.RED, "unreachable")
        same = _of_one_stamp(published, self.keys.public_keys(content.environment))
        return Line("key_published", Light.GREEN if same else Light.RED, "" if same else "other keys")

    def _backend(self, content: Content) -> None:
        algorithm = content.settings.signing_algorithm
        self.smart.backend_token(content.fhir_base_url, content.environment, backend_scope(content), algorithm)

    def _graph(self, connection: Connection) -> None:
        self.entra.graph_token(connection.key.tenant.tenant)

    def _policy(self, connection: Connection, clinician: str) -> Line:
        if not clinician:
            return Line("access_policy", Light.AMBER, "no clinician named")
        tenant = connection.key.tenant
        try:
            user = self.meetings.find(tenant, clinician)
            if user is None:
                return Line("access_policy", Light.RED, "no such user")
            covered = self.meetings.may_organise(tenant, user.object_id)
        except ConnectorError as failed:
            return Line("access_policy", Light.RED, failed.code)
        commands = () if covered else policy_commands(self.settings.api_client_id, user.object_id)
        return Line("access_policy", Light.GREEN if covered else Light.RED, commands=commands)

    def _door(self) -> Line:
        """Our own handshake by our public address: green says that the address leads here, not that Graph may."""
        token = token_urlsafe(16)
        url = self.settings.public_url(f"/api/graph/notifications?validationToken={quote(token)}")
        try:
            echoed = read(self.http, "POST", url, content=b"", headers={"Content-Type": "text/plain"}).text == token
        except (httpx.HTTPError, AnswerTooLargeError):
            echoed = False
        return Line("notifications_reachable", Light.GREEN if echoed else Light.RED)

    def _status_call(self, connection: Connection) -> Line:
        if connection.approved is None:
            return Line("status_call", Light.AMBER, "not approved")
        if self.teller.abilities(connection.key).is_mute:
            return Line("status_call", Light.AMBER, "nothing to tell")
        told = self.teller.try_out(connection.key)
        return Line("status_call", Light.GREEN if told.delivered else Light.RED, told.reason)

    def _line(self, code: str, attempt: Callable[[], None]) -> Line:
        try:
            attempt()
        except ConnectorError as failed:
            return Line(code, Light.RED, failed.code)
        return Line(code, Light.GREEN)


def _of_one_stamp(published: Any, ours: Mapping[str, Any]) -> bool:
    """Whether a key of each algorithm is in both: for some minutes after a rotation processes differ in the rest."""
    theirs = published.get("keys") if isinstance(published, dict) else None
    both = [one for one in ours["keys"] if isinstance(theirs, list) and one in theirs]
    return {one["alg"] for one in both} == {one["alg"] for one in ours["keys"]}


def policy_commands(app_id: str, object_id: str) -> tuple[str, ...]:
    """The PowerShell lines that let the app make meetings for one clinician (Teams PowerShell module)."""
    return (
        "Connect-MicrosoftTeams",
        f'New-CsApplicationAccessPolicy -Identity EhrConnector -AppIds "{app_id}" -Description "EHR connector"',
        f'Grant-CsApplicationAccessPolicy -PolicyName EhrConnector -Identity "{object_id}"',
    )

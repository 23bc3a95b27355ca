"""What stands in the EHR against what should stand there: the field that differs, and why. Pure.

An analyst pastes whatever they have: one value, or a block of lines with or without labels.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from shared.connections.model import ConnectionSettings
from shared.connections.records import IntegrationRecord, RecordKind
from shared.identifiers import Environment

LAUNCH_URL, CLIENT_ID, CONTEXT_TOKEN = FIELDS = ("launchUrl", "clientId", "contextToken")
_LABELS = {
    "launchurl": LAUNCH_URL,
    "meetingurl": LAUNCH_URL,
    "url": LAUNCH_URL,
    "clientid": CLIENT_ID,
    "contexttoken": CONTEXT_TOKEN,
    "context": CONTEXT_TOKEN,
}
_LABELLED = re.compile(r"^\s*(?:\d+\s+)?([A-Za-z][A-Za-z ]{1,20}?)\s*:\s*(?!//)(.*)$")
_IDENTIFIER = re.compile(r"^[A-Za-z0-9._\-]{8,100}$")
_LAUNCH = re.compile(r"/api/launch/([^/?#]+)/([^/?#]+)/?$")
_MAX_LINES = 60


@dataclass(frozen=True)
class Surroundings:
    """What else the tenant has, to name a mix-up by: connection ids and client ids with their environments."""

    connections: Mapping[str, Environment]
    client_ids: Mapping[str, Environment]
    environment: Environment
    settings: ConnectionSettings


@dataclass(frozen=True)
class FieldComparison:
    """One field: what should stand there, what was found (empty if nothing), and codes of `messages/records.json`."""

    field: str
    expected: str
    found: str
    codes: tuple[str, ...]

    @property
    def matches(self) -> bool:
        """Whether the EHR has what it should."""
        return not self.codes


def compare(record: IntegrationRecord, text: str, around: Surroundings) -> tuple[FieldComparison, ...]:
    """Each field of the record that has one against what was pasted; not pasted means `not_found_in_text`."""
    found = _read(text)
    expected = {
        LAUNCH_URL: record.launch_url,
        CLIENT_ID: record.client_id,
        CONTEXT_TOKEN: record.context_token,
    }
    judges = {
        LAUNCH_URL: lambda value: _judge_url(record, value, around),
        CLIENT_ID: lambda value: _judge_client(record, value, around),
        CONTEXT_TOKEN: lambda value: tuple(_judge_context(record, value, around.settings)),
    }
    return tuple(
        FieldComparison(
            field,
            expected[field],
            found.get(field, ""),
            judges[field](found[field]) if field in found else ("not_found_in_text",),
        )
        for field in FIELDS
        if expected[field]
    )


def _read(text: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for line in text.splitlines()[:_MAX_LINES]:
        labelled = _LABELLED.match(line)
        field = _LABELS.get(labelled.group(1).replace(" ", "").lower()) if labelled else None
        value = labelled.group(2).strip() if labelled and field else line.strip()
        field = field or _by_shape(value)
        if field and value:
            found.setdefault(field, value)
    return found


def _by_shape(value: str) -> str | None:
    if re.match(r"https?://", value, re.IGNORECASE):
        return LAUNCH_URL
    if "=" in value and "%" in value:
        return CONTEXT_TOKEN
    return CLIENT_ID if _IDENTIFIER.match(value) else None


def _judge_url(record: IntegrationRecord, value: str, around: Surroundings) -> tuple[str, ...]:
    if value.rstrip("/") == record.launch_url:
        return ()
    wanted = _LAUNCH.search(urlsplit(record.launch_url).path)
    found = _LAUNCH.search(urlsplit(value).path)
    if wanted and found:
        if found.group(1) == wanted.group(1) and found.group(2) != wanted.group(2):
            return ("other_role_url",)
        other = around.connections.get(found.group(1))
        if found.group(1) != wanted.group(1) and other is not None:
            return ("other_environment_url" if other is not around.environment else "other_connection_url",)
    return ("launch_url_differs",)


def _judge_client(record: IntegrationRecord, value: str, around: Surroundings) -> tuple[str, ...]:
    if value.lower() == record.client_id.lower():
        return ()
    other = around.client_ids.get(value.lower())
    return ("client_id_other_environment" if other and other is not around.environment else "client_id_differs",)


def _judge_context(record: IntegrationRecord, value: str, settings: ConnectionSettings) -> Iterator[str]:
    wanted, found = _pairs(record.context_token), _pairs(value)
    names = settings.context
    group = record.kind in (RecordKind.GROUP_PROVIDER, RecordKind.GROUP_PATIENT)
    missing = {names.department.lower(): "department_missing", names.user_id.lower(): "user_id_missing"}
    codes: list[str] = []
    for name, expected in wanted.items():
        if name not in found:
            codes.append(missing.get(name, "context_field_missing"))
        elif found[name] != expected:
            is_session = name == names.session_id.lower()
            codes.append(_of_session(found[name], settings, group=group) if is_session else "context_field_differs")
    if found.keys() - wanted.keys():
        codes.append("context_field_extra")
    yield from dict.fromkeys(codes)


def _of_session(found: str, settings: ConnectionSettings, *, group: bool) -> str:
    if group and found == settings.mnemonics.session_id:
        return "session_token_csn_for_group"
    if not group and found == settings.mnemonics.group_session_id:
        return "session_token_group_for_single"
    return "context_field_differs"


def _pairs(token: str) -> Mapping[str, str]:
    pairs = (part.partition("=") for part in token.strip().split("&") if part)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}

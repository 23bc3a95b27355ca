"""What a launch says and what is believed of it. SMART App Launch 2.2, EHR launch; pure.

The session id may come by several ways; `docs/connect-epic.md` tells an analyst which.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict

from shared.errors import ConnectorError
from shared.identifiers import ConnectionKey, Environment, Role
from shared.oauth import Proof, SigningAlgorithm
from shared.visits.ports import EhrAnswer, EhrUser

REFERENCES = ("appointment", "encounter")
"""Members of a token response that name the visit in the EHR (Epic, "OAuth 2.0"; SMART 2.2, launch context)."""
FHIR_USER_TYPES: Mapping[Role, str] = {Role.PROVIDER: "Practitioner", Role.PATIENT: "Patient"}
_FHIR_USERS = frozenset({"Patient", "Practitioner", "PractitionerRole", "RelatedPerson"})
_MAX_PARAMETER = 8192
_MAX_IDENTIFIER = 256
_UNUSABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
"""Control characters, and halves of surrogate pairs: JSON can carry them, UTF-8 cannot."""

Query = Mapping[str, Sequence[str]]
"""Query parameters as they came: every value of every name."""


@dataclass(frozen=True)
class LaunchTarget:
    """What the visits need to know of an approved connection."""

    key: ConnectionKey
    base_url: str
    environment: Environment
    session_field: str
    user_field: str
    user_type_field: str
    department_field: str
    group_field: str
    default_user_types: Mapping[Role, str]
    organizer: str
    subject: str
    board_first: bool = False
    algorithm: SigningAlgorithm = "auto"
    fhir_users: bool = False
    """Whether people are named by their FHIR resource, where the context does not name them."""


class PendingLaunch(BaseModel):
    """A launch between its two legs; sealed in a cookie of the browser that began it."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    connection: str
    role: Role
    state: str
    nonce: str
    verifier: str
    session_from_query: str
    device_test: bool = False
    expires: datetime

    @property
    def proof(self) -> Proof:
        """The proof that the answer must match."""
        return Proof(self.state, self.nonce, self.verifier)


class PendingSignIn(BaseModel):
    """A clinician's one-time Microsoft sign-in; sealed in a cookie of the browser that needs it."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    connection: str
    session_id: str
    user: str
    user_type: str
    department: str
    group: bool
    references: Mapping[str, str] = {}
    state: str
    nonce: str
    verifier: str
    expires: datetime

    @property
    def proof(self) -> Proof:
        """The proof that the answer must match."""
        return Proof(self.state, self.nonce, self.verifier)


@dataclass(frozen=True)
class LaunchContext:
    """Who launched which visit."""

    role: Role
    session_id: str
    user: EhrUser
    department: str
    group: bool
    references: Mapping[str, str] = field(default_factory=dict)


def one_value(query: Query, name: str) -> str:
    """The only value of a parameter that must be there once. Raises launch_parameter_missing or …_repeated."""
    values = query.get(name, ())
    if len(values) > 1:
        raise ConnectorError("launch_parameter_repeated", parameter=name)
    if not values or not values[0] or len(values[0]) > _MAX_PARAMETER:
        raise ConnectorError("launch_parameter_missing", parameter=name)
    return values[0]


def same_base_url(one: str, other: str) -> bool:
    """Whether two FHIR base URLs are the same: slash at the end and case of the host aside."""
    comparable = _comparable(one)
    return comparable is not None and comparable == _comparable(other)


def _comparable(url: str) -> tuple[str, str, str] | None:
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    if parts.query or parts.fragment or not parts.netloc:
        return None
    host = parts.netloc.lower().removesuffix(":443" if parts.scheme.lower() == "https" else ":80")
    return (parts.scheme.lower(), host, parts.path.rstrip("/"))


def session_from_query(query: Query, field: str) -> str:
    """The session id that the launch URL's own query may carry; empty if it does not."""
    wanted = field.lower()
    values = [value for name, all_values in query.items() if name.lower() == wanted for value in all_values]
    return values[0] if len(values) == 1 and is_identifier(values[0]) else ""


def context_of(target: LaunchTarget, pending: PendingLaunch, answer: EhrAnswer) -> LaunchContext:
    """Who launched which visit, from the EHR's answer. Raises session_id_missing or id_token_invalid."""
    fields = {name.lower(): value for name, value in answer.fields.items()}
    candidates = (
        fields.get(target.session_field.lower(), ""),
        pending.session_from_query,
        fields.get("appointment", ""),
        fields.get("encounter", ""),
    )
    session_id = next((value for value in candidates if is_identifier(value)), "")
    if not session_id:
        raise ConnectorError("session_id_missing", field=target.session_field)
    department = fields.get(target.department_field.lower(), "")
    return LaunchContext(
        role=pending.role,
        session_id=session_id,
        user=_user_of(target, pending.role, fields, answer),
        department=department if is_identifier(department) else "",
        group=fields.get(target.group_field.lower(), "") == "group",
        references={name: value for name in REFERENCES if is_identifier(value := fields.get(name, ""))},
    )


def _user_of(target: LaunchTarget, role: Role, fields: Mapping[str, str], answer: EhrAnswer) -> EhrUser:
    """Who launched: as the context names them, else by their FHIR resource where wanted, else by subject."""
    given, given_type = fields.get(target.user_field.lower(), ""), fields.get(target.user_type_field.lower(), "")
    if not is_identifier(given) and target.fhir_users and (found := _fhir_user(role, fields, answer)):
        return found
    user = given if is_identifier(given) else answer.subject
    if not is_identifier(user):
        raise ConnectorError("id_token_invalid", claim="sub")
    return EhrUser(user, given_type if is_identifier(given_type) else target.default_user_types[role])


def _fhir_user(role: Role, fields: Mapping[str, str], answer: EhrAnswer) -> EhrUser | None:
    """The patient of the launch, whoever acts for them; else whom the claim `fhirUser` names (SMART 2.2, "Scopes")."""
    patient = fields.get("patient", "")
    if role is Role.PATIENT and is_identifier(patient):
        return EhrUser(patient, "Patient")
    kind, _, identifier = "/".join(answer.fhir_user.split("/")[-2:]).partition("/")
    return EhrUser(identifier, kind) if kind in _FHIR_USERS and is_identifier(identifier) else None


def is_identifier(value: str) -> bool:
    """Whether a value can be an identifier at all: not empty, not a token the EHR left unfilled, not endless."""
    if not value.strip() or len(value) > _MAX_IDENTIFIER or _UNUSABLE.search(value):
        return False
    return not (value.startswith("%") and value.endswith("%"))

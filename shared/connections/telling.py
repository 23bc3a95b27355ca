"""How each kind of EHR is told of transitions: the settings of a connection, a model for each kind.

What a kind writes into an EHR is chosen write by write, and none is chosen by default. A new member of any of these
is named in `ADDED_SINCE` of `shared/connections/model.py`, so that what was approved before keeps its fingerprint.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

ShortText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
StatusCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_\-]{1,16}$")]
UserName = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[!-9;-~]{0,100}$")]
"""A name as it may stand before the colon of HTTP Basic (RFC 7617, section 2), or in a header."""


class Frozen(BaseModel):
    """A value that is part of a revision: it never changes, and knows no other member."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, defer_build=True
    )


class EhrKind(StrEnum):
    """How an EHR is told of transitions."""

    EPIC = "epic"
    FHIR = "fhir"
    ORACLE = "oracle"
    WEBHOOK = "webhook"
    NONE = "none"


WITHOUT_CONTEXT_TOKEN = frozenset({EhrKind.FHIR, EhrKind.ORACLE})
"""Kinds whose launches say no more than SMART App Launch has it: people are named by their FHIR resources."""


class StatusCall(Frozen):
    """Epic's call to set a connection status. Its specification is not public: everything is a setting.

    `code_waiting` is empty by default: no public source names a status for it. `user` is the one whose password is
    sent where `authentication` is `basic`; the password itself is no setting.
    """

    path: Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9/_.\-]{1,300}$")] = (
        "/api/epic/2018/Clinical/Patient/SETEXTERNALCONNECTIONSTATUS/Telemedicine/SetExternalConnectionStatus"
    )
    method: Literal["GET", "POST"] = "GET"
    vendor_name: ShortText = "TeamsEhrConnector"
    code_waiting: StatusCode | None = None
    code_connected: StatusCode = "1"
    code_disconnected: StatusCode = "2"
    base_url: str | None = Field(default=None, max_length=500)
    scope: ShortText = "system/Appointment.read"
    authentication: Literal["token", "basic"] = "token"
    user: UserName = ""
    audit_user: UserName = ""
    audit_user_type: UserName = ""


PatientConnected = Literal["arrived", "checked-in"]
"""What an appointment can become when its patient is connected (FHIR R4, AppointmentStatus)."""


class FhirWrites(Frozen):
    """What is written into an EHR by FHIR R4 alone. `scope` is what the writes chosen need, unless it is given."""

    patient_connected: PatientConnected | None = None
    appointment_fulfilled: bool = False
    encounter_status: bool = False
    encounter_periods: bool = False
    encounter_finished: bool = False
    audit_event: bool = False
    virtual_service: bool = False
    update_with: Literal["PUT", "PATCH"] = "PUT"
    identifier_system: ShortText = ""
    scope: ShortText = ""


class OracleWrites(Frozen):
    """What is written into an appointment of Oracle Health Millennium."""

    patient_connected: PatientConnected | None = None
    appointment_fulfilled: bool = False
    video_links: bool = False
    scope: ShortText = "system/Appointment.read system/Appointment.write"


class Webhook(Frozen):
    """Where events are posted. A higher `secret_version` is another secret."""

    url: str | None = Field(default=None, max_length=500)
    secret_version: int = Field(default=1, ge=1, le=9999)
    join_url: bool = False

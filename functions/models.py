"""The JSON of our API: the base of every model, and what is said of the connector itself. Members are camelCase."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from shared.connections.departure import Departure


class Model(BaseModel):
    """camelCase outside, snake_case inside; unknown members are refused."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True, defer_build=True
    )


class TenantOut(Model):
    """Who is asking, and where their tenant's data is."""

    tenant: str
    geography: str
    known: bool
    object_id: str
    roles: list[str]
    is_admin: bool
    is_auditor: bool


class PermissionOut(Model):
    """One application permission of Graph."""

    name: str
    needed: bool
    granted: bool


class ConsentOut(Model):
    """What the tenant has consented to; `complete` says that nothing needed is missing."""

    complete: bool
    permissions: list[PermissionOut]


class ConsentStartOut(Model):
    """Where the administrator goes to consent."""

    consent_url: str


class StoredRowOut(Model):
    """One row of a table, as it is stored, its sealed values opened."""

    table: str
    partition: str
    row: str
    values: dict[str, Any]


class ExportOut(Model):
    """A page of everything that is stored of a tenant; `next` asks for the one after it."""

    tenant: str
    geography: str
    exported: str
    rows: list[StoredRowOut]
    next: str | None


class DepartureIn(Model):
    """The tenant's own id, as a sign that this is meant."""

    tenant: str


class DepartureOut(Model):
    """Whether the tenant is here, how far its deletion is, or the receipt once it is gone."""

    state: Literal["here", "leaving", "gone"]
    began: str | None = None
    by: str = ""
    ended: str | None = None
    deleted: dict[str, int] = {}

    @classmethod
    def of(cls, departure: Departure | None) -> Self:
        """In the API's words."""
        if departure is None:
            return cls(state="here")
        ended = departure.ended
        return cls(
            state="gone" if ended else "leaving",
            began=departure.began.isoformat(),
            by=departure.by,
            ended=ended.isoformat() if ended else None,
            deleted=dict(departure.deleted),
        )


class StoredFieldOut(Model):
    """One stored field; `names` says whether it can lead to a person."""

    table: str
    column: str
    what: str
    why: str
    where: str
    until: str
    names: bool
    encrypted: bool


class PrivacyOut(Model):
    """Everything that is stored."""

    fields: list[StoredFieldOut]


class BacklogOut(Model):
    """How much lies where nothing should lie for long."""

    notifications_poison: int
    writebacks_poison: int
    parked: int
    given_up: int


class HealthOut(Model):
    """Whether the connector can do its work; without a backlog if that could not be counted now."""

    status: str
    storage: bool
    keys: bool
    geography: str
    backlog: BacklogOut | None


class VersionOut(Model):
    """What runs here; `build` is the commit that the package was made from, empty where no package runs."""

    version: str
    build: str
    python: str

"""The JSON of our API: the base of every model, and what is said of the connector itself. Members are camelCase."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Model(BaseModel):
    """camelCase outside, snake_case inside; unknown members are refused."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True, defer_build=True
    )


class TenantOut(Model):
    """Who is asking, and where their tenant's data is."""

    geography: str
    known: bool
    object_id: str
    roles: list[str]
    is_admin: bool
    is_auditor: bool


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

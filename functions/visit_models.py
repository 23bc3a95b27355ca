"""The JSON of visits: waiting page, arrival board, funnel, outbox."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from functions.models import Model
from shared.identifiers import Role

if TYPE_CHECKING:
    from shared.visits.reception import Seen


class VisitOut(Model):
    """What the waiting page knows."""

    state: str
    opened: bool
    over: bool
    help_asked: bool
    dial_in: str | None


DeviceWord = Literal["fine", "blocked", "missing", "skipped", "failed"]


class DevicesIn(Model):
    """How the device test went."""

    camera: DeviceWord
    microphone: DeviceWord
    speaker: DeviceWord
    connection: DeviceWord

    @property
    def summary(self) -> str:
        """`fine`, or the devices that are not."""
        words = self.model_dump()
        return ", ".join(f"{name} {word}" for name, word in words.items() if word != "fine") or "fine"


class Done(Model):
    """It is done."""

    ok: bool


class HandledIn(Model):
    """Whose signal was handled."""

    key: str = Field(max_length=64)


class SeenOut(Model):
    """One participant on the arrival board."""

    key: str
    role: Role
    number: int
    state: str
    since: datetime | None
    devices: str
    help_asked: bool
    needs_attention: bool

    @classmethod
    def of(cls, seen: "Seen") -> "SeenOut":
        """The participant."""
        return cls(**vars(seen))


class BoardOut(Model):
    """The arrival board of one visit."""

    opened: bool
    over: bool
    join_url: str | None
    people: list[SeenOut]
    now: datetime


class FunnelDay(Model):
    """One day of one department; a hidden number is null."""

    day: date
    department: str
    launched: int | None
    page_opened: int | None
    devices_fine: int | None
    waiting: int | None
    admitted: int | None
    both_connected: int | None
    finished: int | None
    hidden: bool


class FunnelOut(Model):
    """How far visits came."""

    days: list[FunnelDay]
    smallest: int


class JoinOut(Model):
    """Where the meeting is."""

    join_url: str


class WritebackOut(Model):
    """One writeback; nothing in it names a person."""

    id: str
    connection: str
    visit: str
    participant: str
    state: str
    source: str
    status: str
    reason: str
    attempts: int
    at: datetime
    first_try: datetime | None
    last_try: datetime | None
    next_try: datetime | None


class WritebackList(Model):
    """The outbox."""

    writebacks: list[WritebackOut]
    next: str = Field(description="If there is more: go on with it as `after`.")


class ReplayIn(Model):
    """Which given-up writebacks to try once more; empty means any."""

    connection: str = Field(default="", max_length=64)
    reason: str = Field(default="", max_length=200)
    after: str = Field(
        default="", max_length=200, description="Go on after this writeback, as an answer's `next` says."
    )


class ReplayOut(Model):
    """How many are tried once more, and how many cannot be."""

    replayed: int
    refused: int
    next: str = Field(description="If there may be more: go on with it as `after`.")

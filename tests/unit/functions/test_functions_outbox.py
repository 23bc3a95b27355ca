"""What an administrator sees of the outbox and sends again, on fakes: nothing stands in the way of the rest."""

from types import SimpleNamespace
from typing import Any, cast

import azure.functions as func
import pytest
from pydantic import BaseModel

from functions import writeback
from functions.answers import Answer, Json
from functions.configuration import get_history
from functions.edge import ADMIN_ROLE, Call, Person
from functions.visit_models import ReplayIn
from functions.writeback import list_writebacks, replay_writeback, replay_writebacks
from shared.connections.doctor import Doctor
from shared.connections.model import HistoryEntry
from shared.connections.service import Connections
from shared.errors import ConnectorError
from shared.identifiers import ConnectionKey, VisitKey, connection_key
from shared.presence.model import REPLAY_FOR, Kind, Status
from tests.support.connections import ADMIN, FakeConnections, FakeDirectory, FakeEhrSignIn, ScriptedProbe
from tests.support.fakes import NEVER, CrashError
from tests.support.house import CONNECTION, TENANT, House, entra, event

DOC = entra("oid-1")
MOST = 3
"""How many the doors take at once, here."""
ELSEWHERE = "a" * 40


class Doors:
    """The doors of outbox and history, over a house."""

    def __init__(self) -> None:
        self.house = House()
        self.history = FakeConnections()
        directory = FakeDirectory({(TENANT, "admin@clinic.example"): ADMIN})
        self.connector = SimpleNamespace(
            settings=SimpleNamespace(geography=TENANT.geography),
            key_of=lambda name: connection_key(TENANT.geography, name),
            visit_store=self.house.visits,
            outbox=self.house.outbox,
            connection_store=self.history,
            connections=Connections(
                store=self.history,
                directory=directory,
                doctor=Doctor(ScriptedProbe(), allow_loopback=False),
                ehr=FakeEhrSignIn(),
                sealer=self.house.sealer,
                now=self.house.clock,
                redirect_uri="",
            ),
            now=self.house.clock,
        )

    def given_up(self, count: int, *, stale: int = 0) -> list[str]:
        """Visits with one given-up writeback each, in the order of the outbox; the first few are of the past by now.

        Returns the ids of these writebacks.
        """
        sessions = sorted((f"csn-{number}" for number in range(count)), key=lambda one: self.house.key(one).routing)
        for session in sessions:
            self.house.provider_launch(session_id=session)
            self.house.teller.script.append(NEVER)
            self.house.happen(event(5, f"leg-{session}", Kind.JOINED, DOC), session_id=session)
            self.house.work_until_quiet()
        for session in sessions[:stale]:
            self.house.happen(event(60, f"leg-{session}", Kind.LEFT, DOC), session_id=session)
        self.house.work_until_quiet()
        return [f"{self.house.key(session).routing}.{self.house.provider_key()}.1" for session in sessions]

    def listed(self, **query: str) -> dict[str, Any]:
        """What the outbox shows."""
        return self._said(list_writebacks, query=query)

    def replay(self, one: str) -> dict[str, Any]:
        """Send one again."""
        return self._said(replay_writeback, path={"id": one})

    def replay_all(self, **wanted: str) -> dict[str, Any]:
        """Send all of a kind again."""
        return self._said(replay_writebacks, json=ReplayIn(**wanted))

    def replays(self) -> list[tuple[str, str, str]]:
        """The replays that the history shows, the newest first: who, what, how many."""
        found = self._said(get_history, path={"id": CONNECTION.connection})["history"]
        return [(one["actorName"], one["action"], one["reason"]) for one in found]

    def left(self) -> int:
        """How many still are given up."""
        everything = self.house.visits.writebacks(TENANT)
        return sum(one.status is Status.GIVEN_UP for _, _, one in everything)

    def _said(self, door: Any, **asked: Any) -> dict[str, Any]:
        query = {name: [value] for name, value in asked.get("query", {}).items()}
        request = func.HttpRequest(
            method="POST", url="https://connector.example/api", route_params=asked.get("path", {}), body=b""
        )
        person = Person(TENANT, ADMIN, frozenset({ADMIN_ROLE}))
        call = Call[Any](cast("Any", self.connector), request, "c", query, b"", asked.get("json"), person)
        answer: Answer = door(call)
        assert isinstance(answer, Json)
        said = answer.body
        return said.model_dump(by_alias=True) if isinstance(said, BaseModel) else dict(said)


@pytest.fixture
def doors(monkeypatch: pytest.MonkeyPatch) -> Doors:
    """Doors that take a few at once."""
    monkeypatch.setattr(writeback, "_MOST", MOST)
    return Doors()


def test_what_can_no_longer_be_replayed_does_not_stand_in_the_way_of_the_rest(doors: Doors) -> None:
    doors.given_up(2 * MOST + 2, stale=MOST + 1)
    first = doors.replay_all()
    assert (first["replayed"], first["refused"]) == (MOST, MOST + 1)
    assert doors.left() == MOST + 2
    assert doors.replay_all(after=first["next"]) == {"replayed": 1, "refused": 0, "next": ""}
    assert doors.left() == MOST + 1


def test_looking_for_what_can_be_replayed_ends_in_time_and_says_where_to_go_on(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = doors.given_up(10, stale=9)
    read, asked = doors.house.visits.read, []

    def slowly(key: VisitKey) -> Any:
        asked.append(key)
        doors.house.clock.forward(30)
        return read(key)

    monkeypatch.setattr(doors.house.visits, "read", slowly)
    first = doors.replay_all()
    assert (first["replayed"], first["refused"], first["next"]) == (0, MOST, ids[MOST - 1])
    assert len(asked) == MOST
    monkeypatch.setattr(doors.house.visits, "read", read)
    assert doors.replay_all(after=first["next"]) == {"replayed": 1, "refused": 9 - MOST, "next": ""}


def test_what_was_given_up_too_long_ago_is_not_even_looked_at(doors: Doors) -> None:
    doors.house.teller.stamps_time = False
    doors.given_up(2)
    doors.house.clock.forward(REPLAY_FOR.total_seconds())
    assert doors.replay_all() == {"replayed": 0, "refused": 0, "next": ""}


@pytest.mark.parametrize(
    ("wanted", "replayed"),
    [
        ({"connection": CONNECTION.connection}, 2),
        ({"connection": ELSEWHERE}, 0),
        ({"reason": NEVER.reason}, 2),
        ({"reason": "HTTP 503"}, 0),
    ],
)
def test_only_what_is_of_the_kind_is_replayed(doors: Doors, wanted: dict[str, str], replayed: int) -> None:
    doors.given_up(2)
    assert doors.replay_all(**wanted)["replayed"] == replayed


def test_the_list_goes_on_until_all_has_been_shown(doors: Doors) -> None:
    ids = doors.given_up(2 * MOST, stale=1)
    shown, after = [], ""
    for _ in range(2):
        page = doors.listed(status="given up", after=after)
        assert len(page["writebacks"]) == MOST
        shown += [one["id"] for one in page["writebacks"]]
        after = page["next"]
    assert (shown, after) == (ids, "")


def test_the_list_is_chosen_from_before_it_is_cut(doors: Doors) -> None:
    ids = doors.given_up(MOST, stale=MOST)
    delivered = doors.listed(status="delivered", connection=CONNECTION.connection)["writebacks"]
    assert [one["id"] for one in delivered] == [one.removesuffix("1") + "2" for one in ids]
    assert doors.listed(connection=ELSEWHERE) == {"writebacks": [], "next": ""}


@pytest.mark.parametrize("after", ["x", f"{CONNECTION.connection}.{'a' * 32}.patient.one"])
def test_there_is_no_going_on_after_what_is_no_writeback(doors: Doors, after: str) -> None:
    for ask in (doors.listed, doors.replay_all):
        with pytest.raises(ConnectorError) as refused:
            ask(after=after)
        assert refused.value.code == "not_found"


def test_each_replay_stands_in_the_history_with_who_and_how_many(doors: Doors) -> None:
    ids = doors.given_up(4, stale=1)
    doors.replay(ids[1])
    doors.replay_all()
    assert doors.replays() == [("admin@clinic.example", "replayed", "2"), ("admin@clinic.example", "replayed", "1")]


def test_what_was_not_replayed_does_not_stand_in_the_history(doors: Doors) -> None:
    ids = doors.given_up(1, stale=1)
    with pytest.raises(ConnectorError) as refused:
        doors.replay(ids[0])
    assert refused.value.code == "writeback_not_replayable"
    assert doors.replay_all()["replayed"] == 0
    assert doors.history.entries == []


def test_a_replay_of_which_nothing_can_be_noted_does_not_happen(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = doors.given_up(2)

    def crash(key: ConnectionKey, entry: HistoryEntry) -> None:
        raise CrashError

    monkeypatch.setattr(doors.history, "record", crash)
    with pytest.raises(CrashError):
        doors.replay(ids[0])
    with pytest.raises(CrashError):
        doors.replay_all()
    assert doors.left() == 2

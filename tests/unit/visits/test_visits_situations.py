"""From call events to what the EHR hears, situation by situation. The first lines of the tests are the table's rows.

The table stands in docs/presence.md. Events come as Graph sends them, and are read by the module that reads Graph's.
"""

import inspect
import re
import sys
from pathlib import Path
from typing import Any

from shared.identifiers import Role
from shared.microsoft.call_events import call_event
from shared.presence.call import ended
from shared.presence.model import PAGE_LEG, State
from tests.support.house import DEBOUNCE, TENANT, House, after

WAITING, CONNECTED, DISCONNECTED = State.WAITING, State.CONNECTED, State.DISCONNECTED
PRESENCE = Path(__file__).parents[3] / "docs" / "presence.md"
GUEST = {"guest": {"id": "teamsvisitor:1", "displayName": "Markername"}}
LEFT = "Participant has left the meeting call."
INACTIVE = "Participant has entered an inactive state in the roster."


def account(object_id: str, tenant: str = TENANT.tenant) -> dict[str, Any]:
    """An identity as Graph names a user of a tenant."""
    return {"user": {"id": object_id, "displayName": "Markername", "tenantId": tenant}}


def roster(house: House, seconds: float, *changes: dict[str, Any], **more: Any) -> None:
    """The roster changes, and Graph tells of it."""
    raw = {"eventType": "rosterUpdated", "eventDateTime": after(seconds).isoformat(), **more}
    house.happen(call_event({**raw, "participants@delta": list(changes)} if changes else raw, after(seconds)))
    house.work()


def lobby(leg: str, identity: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"id": leg, "info": {"identity": identity or GUEST}, "isInLobby": True}


def joined(leg: str, identity: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"id": leg, "info": {"identity": identity or GUEST}, "isInLobby": False}


def left(leg: str, identity: dict[str, Any] | None = None, reason: str = LEFT) -> dict[str, Any]:
    return {**joined(leg, identity), "removedState": {"reason": reason}}


def end_for_all(house: House, seconds: float) -> None:
    house.happen(call_event({"eventType": "callEnded", "eventDateTime": after(seconds).isoformat()}, after(seconds)))
    house.work()


def opened() -> House:
    """Patient and clinician have launched, and the clinician is in the meeting."""
    house = House()
    house.patient_launch()
    house.provider_launch()
    roster(house, 10, joined("p", account("oid-1")))
    return house


def heard(house: House, external_id: str = "PAT1") -> list[State]:
    house.work_until_quiet()
    return house.told(external_id)


def over_at(house: House) -> float | None:
    visit = house.visit()
    everybody = [one.legs for one in visit.participants.values()]
    found = ended(everybody, visit.ends, DEBOUNCE, house.clock())
    return None if found is None else (found - after(0)).total_seconds()


def test_page_only() -> None:
    """Patient waits on our page and goes away"""
    house = House()
    house.patient_launch()
    house.clock.forward(hours=11)
    assert heard(house) == [WAITING]
    assert house.patient().state is WAITING


def test_admitted() -> None:
    """Lobby, admitted, left"""
    house = opened()
    roster(house, 20, lobby("a"))
    roster(house, 60, joined("a"))
    roster(house, 600, left("a"))
    assert heard(house) == [WAITING, CONNECTED, DISCONNECTED]


def test_never_admitted() -> None:
    """Left the lobby without being admitted"""
    house = opened()
    roster(house, 20, lobby("a"))
    roster(house, 300, left("a"))
    assert heard(house) == [WAITING, DISCONNECTED]


def test_sent_back() -> None:
    """Put back into the lobby"""
    house = opened()
    roster(house, 20, joined("a"))
    roster(house, 300, lobby("a"))
    assert heard(house) == [WAITING, CONNECTED, WAITING]


def test_inactive() -> None:
    """Connection lost, inactive in the roster"""
    house = opened()
    roster(house, 20, joined("a"))
    roster(house, 300, left("a", reason=INACTIVE))
    assert heard(house) == [WAITING, CONNECTED, DISCONNECTED]


def test_back_at_once() -> None:
    """Back within the debounce"""
    house = opened()
    roster(house, 20, joined("a"))
    roster(house, 300, left("a", reason=INACTIVE))
    roster(house, 319, joined("a2"))
    assert heard(house) == [WAITING, CONNECTED]


def test_back_later() -> None:
    """Back after the debounce"""
    house = opened()
    roster(house, 20, joined("a"))
    roster(house, 300, left("a"))
    house.clock.until(after(320))
    house.work()
    roster(house, 400, lobby("a2"))
    roster(house, 430, joined("a2"))
    assert heard(house) == [WAITING, CONNECTED, DISCONNECTED, WAITING, CONNECTED]


def test_another_device() -> None:
    """Moved from one device to another"""
    house = opened()
    roster(house, 20, joined("phone"))
    roster(house, 300, joined("tablet"))
    roster(house, 310, left("phone"))
    assert heard(house) == [WAITING, CONNECTED]
    roster(house, 600, left("tablet"))
    assert heard(house) == [WAITING, CONNECTED, DISCONNECTED]


def test_twice() -> None:
    """The same person twice"""
    house = opened()
    roster(house, 20, joined("p2", account("oid-1")))
    assert heard(house, "PROV1") == [CONNECTED]
    roster(house, 300, left("p", account("oid-1")))
    assert heard(house, "PROV1") == [CONNECTED]
    roster(house, 400, left("p2", account("oid-1")))
    assert heard(house, "PROV1") == [CONNECTED, DISCONNECTED]


def test_dial_in() -> None:
    """Dial-in by telephone"""
    house = opened()
    phone = {"phone": {"id": "+12025550171"}, "assertedIdentity": None}
    roster(house, 20, lobby("a", phone))
    roster(house, 60, joined("a", phone))
    roster(house, 600, left("a", phone))
    assert heard(house) == [WAITING, CONNECTED, DISCONNECTED]
    assert "2025550171" not in repr(house.visit())


def test_several_patients() -> None:
    """Several patients, one coming after the other"""
    house = House()
    house.provider_launch(visit="group")
    for number, seconds in enumerate((100, 300), start=1):
        house.clock.until(after(seconds))
        house.patient_launch(f"PAT{number}", visit="group")
        roster(house, seconds + 20, joined(f"leg-{number}"))
    assert heard(house, "PAT1") == [WAITING, CONNECTED]
    assert heard(house, "PAT2") == [WAITING, CONNECTED]


def test_several_patients_at_once() -> None:
    """Several patients, coming at once"""
    house = House()
    house.provider_launch(visit="group")
    for number in (1, 2):
        house.patient_launch(f"PAT{number}", visit="group")
    roster(house, 20, joined("leg-1"), joined("leg-2"))
    assert heard(house, "PAT1") == [WAITING]
    assert heard(house, "PAT2") == [WAITING]
    assert sorted(one.role for one in house.visit().participants.values()).count(Role.GUEST) == 2


def test_several_clinicians() -> None:
    """Several clinicians"""
    house = opened()
    house.provider_launch("PROV2", "oid-2")
    roster(house, 30, joined("q", account("oid-2")))
    roster(house, 300, left("p", account("oid-1")))
    roster(house, 400, left("q", account("oid-2")))
    assert heard(house, "PROV1") == [CONNECTED, DISCONNECTED]
    assert heard(house, "PROV2") == [CONNECTED, DISCONNECTED]


def test_staff() -> None:
    """Interpreter with an account of the hospital"""
    house = opened()
    before = house.visit()
    roster(house, 30, joined("i", account("oid-interpreter")))
    assert house.visit() == before


def test_other_tenant() -> None:
    """Interpreter with an account of somebody else"""
    house = opened()
    roster(house, 30, joined("i", account("oid-interpreter", "99999999-2222-4333-8444-555555555555")))
    roster(house, 60, joined("a"))
    roster(house, 300, left("a"))
    assert heard(house) == [WAITING, CONNECTED]
    roster(house, 600, left("i"))
    assert heard(house) == [WAITING, CONNECTED, DISCONNECTED]


def test_machine() -> None:
    """A recording bot or another machine"""
    house = opened()
    before = house.visit()
    roster(house, 30, joined("m", {"applicationInstance": {"id": "bot"}}))
    assert house.visit() == before


def test_for_all() -> None:
    """Clinician ends the meeting for all"""
    house = opened()
    roster(house, 20, joined("a"))
    end_for_all(house, 600)
    assert over_at(house) == 600
    assert heard(house) == [WAITING, CONNECTED, DISCONNECTED]
    assert heard(house, "PROV1") == [CONNECTED, DISCONNECTED]


def test_empty() -> None:
    """Everybody leaves, and Graph does not say that the call ended"""
    house = opened()
    roster(house, 20, joined("a"))
    roster(house, 500, left("p", account("oid-1")))
    roster(house, 600, left("a"))
    assert over_at(house) is None
    house.clock.until(after(600) + DEBOUNCE)
    assert over_at(house) == 600
    assert heard(house) == [WAITING, CONNECTED, DISCONNECTED]


def test_empty_roster() -> None:
    """Graph tells of a roster with nobody on it"""
    house = opened()
    roster(house, 20, joined("a"))
    roster(house, 600, participants=[])
    assert over_at(house) == 600
    assert heard(house) == [WAITING, CONNECTED, DISCONNECTED]
    assert heard(house, "PROV1") == [CONNECTED, DISCONNECTED]


def test_second_call() -> None:
    """A second call in the same meeting"""
    house = opened()
    roster(house, 20, joined("a"))
    end_for_all(house, 600)
    assert heard(house) == [WAITING, CONNECTED, DISCONNECTED]
    roster(house, 900, joined("p2", account("oid-1")))
    roster(house, 920, lobby("a2"))
    roster(house, 930, joined("a2"))
    assert over_at(house) is None
    end_for_all(house, 1500)
    assert over_at(house) == 1500
    assert heard(house) == [WAITING, CONNECTED, DISCONNECTED, WAITING, CONNECTED, DISCONNECTED]
    assert heard(house, "PROV1") == [CONNECTED, DISCONNECTED, CONNECTED, DISCONNECTED]


def test_page_again() -> None:
    """Patient left the meeting and is on our page again"""
    house = opened()
    roster(house, 20, joined("a"))
    roster(house, 300, left("a"))
    assert heard(house) == [WAITING, CONNECTED, DISCONNECTED]
    house.clock.until(after(400))
    house.patient_launch()
    assert PAGE_LEG in house.patient().legs
    assert heard(house) == [WAITING, CONNECTED, DISCONNECTED, WAITING]


def test_every_situation_stands_in_the_document() -> None:
    section = PRESENCE.read_text(encoding="utf-8").partition("## Situations")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+?) \|", section, re.MULTILINE)
    tests = inspect.getmembers(sys.modules[__name__], inspect.isfunction)
    named = [inspect.getdoc(one) for name, one in tests if name.startswith("test_") and inspect.getdoc(one)]
    assert sorted(row for row in rows if row not in ("Situation", "---")) == sorted(str(name) for name in named)

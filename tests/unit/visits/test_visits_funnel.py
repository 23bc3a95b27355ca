"""How far visits came: counted by day and department, small numbers hidden."""

from dataclasses import replace
from datetime import date, timedelta

from shared.identifiers import VisitKey
from shared.presence.model import Kind
from shared.visits.funnel import SMALLEST, STAGES, funnel, stages
from shared.visits.model import Visit
from shared.visits.upkeep import forgotten
from tests.support.fakes import START
from tests.support.house import CONNECTION, GUEST, House, entra, event


def whole_visit() -> House:
    house = House()
    house.patient_launch(departmentId="DEP-A")
    house.provider_launch(departmentId="DEP-A")
    house.reception.note_devices(house.key(), house.patient_key(), "fine")
    house.happen(
        event(10, "d", Kind.JOINED, entra("oid-1")),
        event(20, "p", Kind.LOBBY, GUEST),
        event(30, "p", Kind.JOINED, GUEST),
    )
    return house


def test_a_whole_visit_comes_through_every_stage() -> None:
    house = whole_visit()
    assert stages(house.visit()) == set(STAGES) - {"finished"}
    assert stages(forgotten(house.visit())) == set(STAGES)


def test_a_launch_alone_is_only_a_launch() -> None:
    assert stages(Visit(house_key("a"), START)) == {"launched"}


def test_a_patient_who_was_never_admitted_waited() -> None:
    house = House()
    house.patient_launch()
    assert stages(house.visit()) == {"launched", "page_opened", "waiting"}


def test_days_and_departments_are_counted_apart_and_small_numbers_are_hidden() -> None:
    many = [Visit(house_key(str(number)), START, department="DEP-A") for number in range(SMALLEST)]
    few = [Visit(house_key(f"b{number}"), START, department="DEP-B") for number in range(SMALLEST - 1)]
    tomorrow = [Visit(house_key("c"), START + timedelta(days=1), department="DEP-A")]
    rows = funnel([*many, *few, *tomorrow], START.date(), START.date())
    assert [(row.day, row.department) for row in rows] == [(START.date(), "DEP-A"), (START.date(), "DEP-B")]
    assert rows[0].counts == {stage: SMALLEST if stage == "launched" else 0 for stage in STAGES}
    assert (rows[0].hidden, rows[1].hidden) == (False, True)
    assert rows[1].counts["launched"] is None


def test_nothing_lies_outside_the_days_asked_for() -> None:
    visit = Visit(house_key("a"), START)
    assert funnel([visit], date(2000, 1, 1), START.date() - timedelta(days=1)) == ()
    assert len(funnel([visit, replace(visit)], START.date(), date(2100, 1, 1))) == 1


def house_key(session: str) -> VisitKey:
    return VisitKey(CONNECTION, session.rjust(32, "0").replace("b", "d").replace("c", "e"))

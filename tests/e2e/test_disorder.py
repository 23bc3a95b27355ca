"""Whatever shape, order and number the notifications come in, and however the EHR fares: its log is the truth."""

import time
from typing import Any

from sandbox.demo.onboarding import Onboarding
from tests.e2e.visit import Visit, appointment
from tests.e2e.world import Sandbox

STATUS_CALL = "SETEXTERNALCONNECTIONSTATUS"
GENERATIONS = ("delta-camel", "delta-pascal", "delta-remove", "joined-exited", "call-event-type")
PLACES = {"one-to-one": "patient-one", "second": "patient-two", "without-policy": "patient-three"}
# Shorter than the debounce of one second: what comes later than that is told as it is known, see the second test.
DISORDER: dict[str, Any] = {
    "duplicate": 0.5,
    "reorder": 0.4,
    "reorderHoldMs": 250,
    "delayMs": [0, 120],
    "inactiveAfterMs": 200,
}


def test_every_generation_in_disorder(world: Sandbox, connection: dict[str, Any]) -> None:
    """Five visits at a time, each told of in another generation of payloads; duplicated, swapped and delayed."""
    Onboarding(world, "production").all_at_once()
    places = [(key, environment) for environment in ("test", "production") for key in PLACES]
    visits = {name: Visit(world, *place) for name, place in zip(GENERATIONS, places, strict=False)}
    world.tune_notifications(seed=11, **DISORDER)

    def everybody(act: str, who: str) -> None:
        for generation, visit in visits.items():
            world.tune_notifications(generation=generation)
            visit.act(act, who)

    def ehr_knows(wanted: dict[str, list[str]]) -> None:
        logs = {generation: {**wanted, PLACES[visit.key]: wanted["patient"]} for generation, visit in visits.items()}
        for log in logs.values():
            del log["patient"]
        deadline = time.monotonic() + 25
        while (heard := {name: visit.log() for name, visit in visits.items()}) != logs and time.monotonic() < deadline:
            time.sleep(0.05)
        assert heard == logs

    for visit in visits.values():
        visit.patient(PLACES[visit.key])
        visit.clinician("provider-one")
        visit.clinician("provider-two")
    ehr_knows({"patient": ["waiting"]})
    everybody("join", "provider-one")
    everybody("join", "Guest")
    everybody("admit", "Guest")
    everybody("join", "provider-two")
    present = {"provider-one": ["connected"], "provider-two": ["connected"]}
    ehr_knows({"patient": ["waiting", "connected"], **present})
    everybody("drop", "Guest")
    ehr_knows({"patient": ["waiting", "connected", "disconnected"], **present})
    everybody("rejoin", "Guest")
    ehr_knows({"patient": ["waiting", "connected", "disconnected", "connected"], **present})
    everybody("leave", "provider-two")
    everybody("end", "provider-one")
    gone = {"provider-one": ["connected", "disconnected"], "provider-two": ["connected", "disconnected"]}
    all_in_all = {"patient": ["waiting", "connected", "disconnected", "connected", "disconnected"], **gone}
    ehr_knows(all_in_all)
    world.quiet()
    ehr_knows(all_in_all)
    sent = [one for one in world.deliveries() if one["kind"] == "change"]
    assert any(one["copy"] for one in sent), "the seed must make duplicates"


def test_all_of_it_at_once_in_one_second(world: Sandbox, connection: dict[str, Any]) -> None:
    """Nobody waits for anybody: joins, a change of network and the end within the debounce."""
    world.tune_notifications(seed=5, **{**DISORDER, "inactiveAfterMs": 100})
    visit = Visit(world)
    visit.patient()
    visit.clinician("provider-one")
    visit.act("join", "provider-one")
    visit.act("join", "Guest")
    visit.act("admit", "Guest")
    visit.act("drop", "Guest")
    visit.act("rejoin", "Guest")
    visit.wait_told("patient-one", "waiting", "connected")
    visit.act("end", "provider-one")
    _wait_for_all(visit, "disconnected")
    world.quiet()
    assert visit.log() == {
        "patient-one": ["waiting", "connected", "disconnected"],
        "provider-one": ["connected", "disconnected"],
    }


def test_what_comes_too_late_is_recorded_and_not_told(world: Sandbox, connection: dict[str, Any]) -> None:
    """An EHR that stamps the time itself cannot be told the past: its last word must be the truth all the same."""
    visit = Visit(world)
    visit.patient()
    visit.clinician("provider-one")
    visit.act("join", "provider-one")
    visit.wait_told("provider-one", "connected")
    world.tune_notifications(reorder=1.0, reorderHoldMs=8000)
    visit.act("join", "Guest")
    world.tune_notifications(reorder=0.0)
    visit.act("end", "provider-one")
    visit.wait_told("provider-one", "connected", "disconnected")
    visit.wait_told("patient-one", "waiting", "disconnected")
    world.quiet()
    assert visit.told("patient-one")[-1] == "disconnected"


def test_an_ehr_that_is_down_gets_everything_afterwards(world: Sandbox, connection: dict[str, Any]) -> None:
    """Three visits at a time; the EHR fails each in another way."""
    visits: dict[Visit, tuple[str, dict[str, Any]]] = {
        Visit(world, "one-to-one"): ("provider-one", {"status": 503, "body": "down for a moment"}),
        Visit(world, "second"): ("provider-two", {"drop": True}),
        Visit(world, "consultation"): ("provider-one", {"status": 503, "headers": {"Retry-After": "1"}}),
    }
    for visit, (_, fault) in visits.items():
        world.faults(world.hospital, {"path": f"{STATUS_CALL}.*={appointment(visit.key)['csn']}&", **fault})
    for visit, (clinician, _) in visits.items():
        for patient in appointment(visit.key)["patients"]:
            visit.patient(patient)
        visit.clinician(clinician)
        visit.act("join", clinician)
        if appointment(visit.key)["patients"]:
            visit.act("join", "Guest")
            visit.act("admit", "Guest")
    time.sleep(1)
    for visit, (clinician, _) in visits.items():
        visit.act("end", clinician)
    time.sleep(2)
    assert [visit.log() for visit in visits] == [{}, {}, {}]
    assert {one["status"] for one in _outbox(world)} <= {"pending", "retrying"}

    world.no_faults()

    wanted = [
        {
            **{patient: ["waiting", "connected", "disconnected"] for patient in appointment(visit.key)["patients"]},
            clinician: ["connected", "disconnected"],
        }
        for visit, (clinician, _) in visits.items()
    ]
    world.until("the EHR to know everything", lambda: [visit.log() for visit in visits] == wanted, 20)
    world.until("an outbox without work", lambda: {one["status"] for one in _outbox(world)} == {"delivered"}, 5)
    world.quiet()
    assert [visit.log() for visit in visits] == wanted


def test_an_ehr_that_is_locked_and_forgets_its_tokens(world: Sandbox, connection: dict[str, Any]) -> None:
    visit = Visit(world)
    visit.patient()
    visit.wait_told("patient-one", "waiting")
    world.control(world.hospital, "lock-failed", {"times": 1})
    visit.clinician("provider-one")
    visit.act("join", "provider-one")
    visit.wait_told("provider-one", "connected")
    world.faults(
        world.hospital,
        {
            "path": STATUS_CALL,
            "status": 401,
            "headers": {"WWW-Authenticate": 'Bearer error="invalid_token"'},
            "times": 1,
        },
    )
    visit.act("join", "Guest")
    visit.act("admit", "Guest")
    visit.wait_told("patient-one", "waiting", "connected")
    outcomes = [call["outcome"] for call in world.status_calls()]
    assert outcomes.count("LOCK-FAILED") == 1
    world.until("an outbox without work", lambda: {one["status"] for one in _outbox(world)} == {"delivered"}, 5)


def test_an_ehr_that_gives_no_token_for_a_moment(world: Sandbox, connection: dict[str, Any]) -> None:
    """The status call is made once there is a token."""
    visit = Visit(world, "consultation")
    visit.clinician("provider-one")
    world.faults(
        world.hospital,
        {"path": STATUS_CALL, "status": 401, "times": 1},
        {"method": "POST", "path": "/oauth2/token", "status": 500, "times": 1},
    )
    visit.act("join", "provider-one")
    visit.wait_told("provider-one", "connected")
    assert all(rule["hits"] == 1 for rule in world.rules(world.hospital))


def test_a_permanent_error_is_given_up_shown_and_replayed(world: Sandbox, connection: dict[str, Any]) -> None:
    refusal = {"ExceptionMessage": "An error occurred while executing the command: INVALID-CONFERENCE-ID."}
    world.faults(world.hospital, {"path": STATUS_CALL, "status": 400, "body": refusal, "times": 1})
    visit = Visit(world)
    visit.patient()
    found = world.until("it to be given up", lambda: _outbox(world, "given up"), 5)
    assert [(one["state"], one["reason"], one["attempts"]) for one in found] == [
        ("waiting", "INVALID-CONFERENCE-ID", 1)
    ]
    assert found[0]["nextTry"] is None

    answer = world.request("admin", "POST", f"/writebacks/{found[0]['id']}/replay", {})

    assert answer.status_code == 202
    visit.wait_told("patient-one", "waiting")
    assert _outbox(world, "given up") == []
    assert _replays(world, connection) == [(world.user("admin")["userName"], "1")]
    again = world.request("admin", "POST", f"/writebacks/{found[0]['id']}/replay", {})
    assert (again.status_code, again.json()["code"]) == (409, "writeback_not_replayable")


def test_all_of_a_kind_are_replayed_and_that_stands_in_the_history(world: Sandbox, connection: dict[str, Any]) -> None:
    refusal = {"ExceptionMessage": "INVALID-CONFERENCE-ID"}
    world.faults(world.hospital, {"path": STATUS_CALL, "status": 400, "body": refusal, "times": 2})
    for key, patient in (("one-to-one", "patient-one"), ("second", "patient-two")):
        Visit(world, key).patient(patient)
    world.until("both to be given up", lambda: len(_outbox(world, "given up")) == 2, 5)
    for reason, replayed in (("HTTP 500", 0), ("INVALID-CONFERENCE-ID", 2)):
        answer = world.api("admin", "POST", "/writebacks/replay", {"reason": reason})
        assert answer == {"replayed": replayed, "refused": 0, "next": ""}
    world.until("both to be delivered", lambda: len(_outbox(world, "delivered")) == 2, 5)
    assert _replays(world, connection) == [(world.user("admin")["userName"], "2")]


def test_somebody_whom_the_ehr_does_not_know_holds_nobody_up(world: Sandbox, connection: dict[str, Any]) -> None:
    """The EHR's own refusal: given up for that person, at once and each time; everybody else is told of."""
    visit = Visit(world)
    visit.clinician("provider-one", overrides={"context": {"externalId": "NOBODY1"}})
    visit.patient()
    visit.act("join", "provider-one")
    visit.act("join", "Guest")
    visit.act("admit", "Guest")
    visit.wait_told("patient-one", "waiting", "connected")
    visit.act("end", "provider-one")
    visit.wait_told("patient-one", "waiting", "connected", "disconnected")
    world.until("both to be given up", lambda: len(_outbox(world, "given up")) == 2, 5)
    assert {(one["reason"], one["attempts"]) for one in _outbox(world, "given up")} == {("INVALID-USER-ID", 1)}


def _replays(world: Sandbox, connection: dict[str, Any]) -> list[tuple[str, str]]:
    """The replays that the history tells of, the newest first: who, and how many."""
    history = world.api("auditor", "GET", f"/connections/{connection['id']}/history")["history"]
    return [(one["actorName"], one["reason"]) for one in history if one["action"] == "replayed"]


def _outbox(world: Sandbox, status: str = "") -> list[dict[str, Any]]:
    query = f"?status={status.replace(' ', '%20')}" if status else ""
    return list(world.api("admin", "GET", f"/writebacks{query}")["writebacks"])


def _wait_for_all(visit: Visit, state: str) -> None:
    def all_are() -> bool:
        log = visit.log()
        return bool(log) and all(states[-1] == state for states in log.values())

    visit.world.until(f"everybody {state}", all_are)

"""The page in place of a Teams meeting, as a browser's requests see it."""

import re
import threading
from collections.abc import Iterator

import httpx
import pytest

from tests.contract.microsoft.stand_in import (
    ONE,
    OTHER,
    OTHER_TENANT,
    PORTAL,
    TWO,
    Browser,
    Json,
    Microsoft,
    pick,
)


class Visitor:
    """One browser at the meeting page: its cookies, and the leg that its page keeps."""

    def __init__(self, browser: Browser, meeting: Json) -> None:
        self.http = browser.http
        self.url = meeting["joinWebUrl"]
        self.base = f"{browser.microsoft.url}/meeting/{meeting['id']}"
        self.leg = ""

    def open(self) -> str:
        answer = self.http.get(self.url)
        assert answer.status_code == 200
        assert "stand-in for a Teams meeting" in answer.text
        return answer.text

    def room(self) -> str:
        return self.http.get(f"{self.base}/room", params={"leg": self.leg}).text

    def press(self, act: str, **form: str) -> httpx.Response:
        answer = self.http.post(f"{self.base}/acts", data={"act": act, "leg": self.leg, **form})
        if answer.is_success:
            self.leg = answer.json()["legId"]
        return answer


@pytest.fixture
def clinician(browser: Browser, meeting: Json) -> Visitor:
    browser.authorize(PORTAL, "openid", press=pick(ONE))
    return Visitor(browser, meeting)


@pytest.fixture
def guest(microsoft: Microsoft, meeting: Json) -> Iterator[Visitor]:
    with Browser(microsoft) as other:
        yield Visitor(other, meeting)


def test_a_guest_need_not_type_anything(guest: Visitor, microsoft: Microsoft, meeting: Json) -> None:
    page = guest.open()
    assert 'value="Guest"' in page
    assert "Join as <strong>" not in page
    assert guest.press("join", name="Guest").json()["state"] == "lobby"
    assert "You are in the lobby" in guest.room()
    assert [(each["kind"], each["name"]) for each in microsoft.roster(meeting)] == [("guest", "Guest")]


def test_a_clinician_with_a_session_joins_and_admits(
    clinician: Visitor, guest: Visitor, microsoft: Microsoft, meeting: Json
) -> None:
    assert "Join as <strong>Clinicianne Uno-Placeholder</strong>" in clinician.open()
    assert clinician.press("join", account=ONE).json()["state"] == "in"
    guest.press("join", name="Guest")
    assert "Admit Guest" in clinician.room()
    assert clinician.press("admit", target=guest.leg).json()["legId"] == clinician.leg
    assert "You are in the meeting" in guest.room()
    assert "Admit" not in guest.room()
    assert [each["state"] for each in microsoft.roster(meeting)] == ["in", "in"]


def test_nobody_joins_as_somebody_else(clinician: Visitor, guest: Visitor) -> None:
    assert clinician.press("join", account=TWO).status_code == 403
    assert guest.press("join", account=ONE).status_code == 403


def test_a_guest_can_neither_admit_nor_end(guest: Visitor, clinician: Visitor) -> None:
    clinician.press("join", account=ONE)
    guest.press("join", name="Guest")
    for act in ("admit", "end"):
        answer = guest.press(act, target=guest.leg)
        assert answer.status_code == 403
        assert answer.json()["error"]


def test_drop_rejoin_leave_and_end(guest: Visitor, clinician: Visitor, microsoft: Microsoft, meeting: Json) -> None:
    clinician.press("join", account=ONE)
    guest.press("join", name="Guest")
    clinician.press("admit", target=guest.leg)
    first = guest.leg
    guest.press("drop")
    assert "Your connection is lost" in guest.room()
    assert "connection lost" in clinician.room()
    guest.press("rejoin")
    assert guest.leg != first
    assert "You are in the meeting" in guest.room()
    guest.press("leave")
    assert "You have left the meeting" in guest.room()
    clinician.press("end")
    assert "The meeting has ended" in clinician.room()
    assert microsoft.roster(meeting) == []
    assert guest.press("leave").status_code == 409


def test_names_are_shown_as_text(guest: Visitor, clinician: Visitor) -> None:
    clinician.press("join", account=ONE)
    guest.press("join", name='<img src=x onerror="alert(1)">')
    assert "<img" not in clinician.room()
    assert "&lt;img" in clinician.room()


def test_the_pretend_sign_in_of_the_page(guest: Visitor) -> None:
    link = re.search(r'href="([^"]+/sign-in)"', guest.open())
    assert link
    page = guest.http.get(f"{guest.base}/sign-in")
    assert "Otherclinician" in page.text
    guest.http.post(f"{guest.base}/sign-in", data=pick(OTHER, OTHER_TENANT))
    assert "Join as <strong>Otherclinician Placeholder-Quux</strong>" in guest.open()
    assert guest.press("join", account=OTHER).json()["state"] == "lobby"


def test_the_roster_is_live(guest: Visitor, microsoft: Microsoft, meeting: Json) -> None:
    guest.open()
    heard, joined = threading.Event(), threading.Event()

    def listen() -> None:
        with httpx.stream("GET", f"{guest.base}/events", timeout=10) as answer:
            joined.set()
            for line in answer.iter_lines():
                if line == "event: roster":
                    heard.set()
                    return

    listener = threading.Thread(target=listen)
    listener.start()
    assert joined.wait(5)
    microsoft.act(meeting, "join", {"oid": ONE})
    assert heard.wait(2)
    listener.join(5)


def test_there_is_an_overview(microsoft: Microsoft, meeting: Json) -> None:
    page = microsoft.http.get("/").text
    assert "Pretend Microsoft" in page
    assert meeting["joinWebUrl"].replace("&", "&amp;") in page
    assert "Clinicianne Uno-Placeholder" in microsoft.http.get("/overview").text


def test_a_forged_session_is_none(guest: Visitor) -> None:
    guest.http.cookies.set("pretend_microsoft_accounts", "W1siYSIsImIiXV0.forged")
    assert "Join as <strong>" not in guest.open()
    assert guest.http.get(f"{guest.base}x/room").status_code == 404

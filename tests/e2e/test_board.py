"""The arrival board, in a real browser: who is there, what needs a hand, ways in, virtual desktops."""

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from sandbox.demo.world import CAST
from tests.e2e.browser import LANGUAGES
from tests.e2e.pages import Viewer, axe, branded, clinician_board, patient_page, too_wide
from tests.e2e.visit import Visit
from tests.e2e.world import Sandbox
from tests.support.machine import slower

# How long after an event the board may show it; a disconnect is held back for one second more (a rejoin in that
# second is no leave).
LIMIT, DEBOUNCE = 2.0, 1.0
WORDS = {
    "en": {
        "waiting": "Waiting for less than a minute",
        "connected": "Connected for less than a minute",
        "left": "Left less than a minute ago",
        "arrived": "Patient 1 is here and waits.",
        "help": "Patient 1 can't get in and asks for help.",
        "handle": "Handled: Patient 1",
        "blocked": "Camera: Blocked · Microphone: Blocked · Speaker: Not tested",
        "stale": "No connection since",
        "over": "The visit is over.",
        "lost": "This board does not belong to a visit any more.",
        "desktop": "This page may run inside a virtual desktop",
    },
    "zh-CN": {
        "waiting": "已等候 不到 1 分钟",
        "connected": "已连接 不到 1 分钟",
        "left": "不到 1 分钟前离开",
        "arrived": "患者 1 已到达",
        "help": "患者 1 无法进入",
        "handle": "已处理: 患者 1",
        "blocked": "摄像头: 被阻止 · 麦克风: 被阻止 · 扬声器: 未测试",
        "stale": "起没有连接",
        "over": "就诊已结束。",
        "lost": "此看板已不再对应任何就诊。",
        "desktop": "此页面可能运行在虚拟桌面",
    },
}
GRAPHICS = """
for (const kind of [window.WebGLRenderingContext, window.WebGL2RenderingContext]) {
  kind.prototype.getParameter = () => %s;
}
"""
Make = Callable[..., Viewer]


@pytest.fixture
def connection(world: Sandbox) -> dict[str, Any]:
    """A connection whose clinicians land on the board."""
    return branded(world, providerLanding="board")


def patient(board: Page) -> Locator:
    """The first patient's line."""
    return board.locator("#people li").filter(has_text=re.compile("^(Patient|患者) 1"))


def within(seconds: float, what: str, look: Callable[[], bool]) -> None:
    """It is there in time, measured from now; a busy machine has more."""
    began = time.monotonic()
    while not look():
        assert time.monotonic() - began < seconds * slower(), f"{what}: not within {seconds} s on a free machine"
        time.sleep(0.02)


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_the_board_follows_a_visit(world: Sandbox, connection: dict[str, Any], viewers: Make, language: str) -> None:
    said, clinician, other = WORDS[language], viewers(language), viewers(language)
    board = clinician_board(world, clinician)
    expect(board.locator("#people li")).to_have_count(1)
    clinician.look(board, "board-nobody-waits")
    visit = Visit(world)
    visit.meeting = world.meetings()[0]
    title = board.title()

    visit.patient()
    within(LIMIT, "arrival", lambda: said["waiting"] in board.locator("#people").inner_text())
    expect(board.locator("#signals .said")).to_contain_text(said["arrived"])
    assert said["arrived"] in board.title(), "seen in the tab, too"
    clinician.look(board, "board-arrived")
    board.reload()
    expect(board.locator("#signals .said")).to_contain_text(said["arrived"])
    board.get_by_role("button", name=said["handle"]).click()
    expect(board.locator("#signals li")).to_have_count(0)
    assert board.title() == title
    board.reload()
    expect(board.locator("#people li")).to_have_count(2)
    expect(board.locator("#signals li")).to_have_count(0)

    visit.act("join", "provider-one")
    visit.act("join", "Guest")
    visit.act("admit", "Guest")
    visit.wait_told("patient-one", "waiting", "connected")
    within(LIMIT, "connected", lambda: said["connected"] in patient(board).inner_text())
    clinician.look(board, "board-connected")
    visit.act("leave", "Guest")
    within(LIMIT + DEBOUNCE, "left", lambda: said["left"] in patient(board).inner_text())
    clinician.look(board, "board-left")
    assert other.complaints == clinician.complaints == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_call_for_help_and_blocked_devices_are_seen(
    world: Sandbox, connection: dict[str, Any], viewers: Make, language: str
) -> None:
    said, sick, clinician = WORDS[language], viewers(language), viewers(language)
    waiting = patient_page(world, sick)
    waiting.locator("#devices-start").click()
    expect(waiting.locator("#going")).to_be_hidden()
    waiting.locator("#help-ask").click()
    board = clinician_board(world, clinician)
    expect(waiting.locator("#going")).to_be_visible()
    waiting.locator("#going-stay").click()
    within(LIMIT, "help", lambda: said["help"] in board.locator("#signals").inner_text())
    within(LIMIT, "devices", lambda: said["blocked"] in patient(board).inner_text())
    clinician.look(board, "board-help")
    board.get_by_role("button", name=said["handle"]).click()
    expect(board.locator("#signals li")).to_have_count(0)
    assert too_wide(board) <= 0


def test_a_signal_that_could_not_be_handled_comes_back(
    world: Sandbox, connection: dict[str, Any], viewers: Make
) -> None:
    board = clinician_board(world, viewers())
    Visit(world).patient()
    button = board.get_by_role("button", name="Handled: Patient 1")
    expect(button).to_be_visible()
    board.route("**/board/handled?*", lambda route: route.abort())
    button.click()
    expect(board.locator("#signals .said")).to_have_text("Patient 1 is here and waits.")


def test_it_shows_no_name(world: Sandbox, connection: dict[str, Any], viewers: Make) -> None:
    """Not in the page, not in what the page was told."""
    clinician = viewers()
    answers: list[str] = []
    clinician.context.on(
        "response", lambda response: answers.append(response.text()) if "/current/board" in response.url else None
    )
    board = clinician_board(world, clinician)
    visit = Visit(world)
    visit.meeting = world.meetings()[0]
    visit.patient()
    visit.act("join", "provider-one")
    expect(board.locator("#people")).to_contain_text("Connected")
    expect(board.locator("#signals li")).to_have_count(1)
    shown = board.content() + "".join(answers)
    marks = [part for one in CAST["hospital"]["patients"] for part in (one["given"], one["family"], one["patientId"])]
    marks += [one[name] for one in CAST["hospital"]["ehrUsers"] for name in ("practitioner", "login", "fhirId")]
    assert [mark for mark in marks if mark in shown] == []


def test_the_ways_into_the_meeting(world: Sandbox, connection: dict[str, Any], viewers: Make) -> None:
    clinician = viewers()
    board = clinician_board(world, clinician)
    address = world.meetings()[0]["joinWebUrl"]
    for way in ("Join in Teams", "Join in the browser"):
        with clinician.context.expect_page() as opened:
            board.get_by_role("link", name=way).click()
        assert opened.value.url == address
        opened.value.close()
    assert "/api/board" in board.url, "the board stays open beside it"


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_when_what_it_shows_is_old(
    world: Sandbox, connection: dict[str, Any], viewers: Make, language: str
) -> None:
    said, clinician = WORDS[language], viewers(language)
    board = clinician_board(world, clinician)
    expect(board.locator("#people li")).to_have_count(1)
    clinician.context.set_offline(offline=True)
    expect(board.locator("#fresh")).to_contain_text(said["stale"])
    clinician.look(board, "board-stale")
    clinician.context.set_offline(offline=False)
    expect(board.locator("#fresh")).not_to_contain_text(said["stale"])
    over: dict[str, Any] = {"opened": False, "over": True, "joinUrl": None, "people": [], "now": "2026-01-01T00:00:00Z"}
    board.route("**/api/visits/current/board?*", lambda route: route.fulfill(json=over))
    expect(board.locator("#opened")).to_have_text(said["over"])
    for part in ("#join-title", "#join", "#desktop"):
        expect(board.locator(part)).to_be_hidden()
    clinician.look(board, "board-over")
    board.unroute_all()
    clinician.context.clear_cookies()
    expect(board.locator("#fresh")).to_contain_text(said["lost"])
    clinician.look(board, "board-lost")


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_that_it_may_be_in_a_virtual_desktop(
    world: Sandbox, connection: dict[str, Any], viewers: Make, language: str
) -> None:
    clinician = viewers(language, permissions=["clipboard-read", "clipboard-write"])
    clinician.context.add_init_script(GRAPHICS % json.dumps("Microsoft Basic Render Driver"))
    board = clinician_board(world, clinician)
    expect(board.locator("#desktop-said")).to_contain_text(WORDS[language]["desktop"])
    board.locator("#desktop-copy").click()
    expect(board.locator("#desktop-copied")).not_to_be_empty()
    assert board.evaluate("navigator.clipboard.readText()") == world.meetings()[0]["joinWebUrl"]
    board.locator("#desktop summary").click()
    expect(board.locator("#desktop-signs")).to_have_text("Microsoft Basic Render Driver")
    clinician.look(board, "board-virtual-desktop")


def test_no_link_is_offered_for_another_device_before_there_is_one(
    world: Sandbox, connection: dict[str, Any], viewers: Make
) -> None:
    clinician = viewers()
    clinician.context.add_init_script(GRAPHICS % json.dumps("Microsoft Basic Render Driver"))
    told: dict[str, Any] = {
        "opened": False,
        "over": False,
        "joinUrl": None,
        "people": [],
        "now": "2026-01-01T00:00:00Z",
    }
    clinician.context.route("**/api/visits/current/board?*", lambda route: route.fulfill(json=told))
    board = clinician_board(world, clinician)
    expect(board.locator("#desktop-said")).to_contain_text(WORDS["en"]["desktop"])
    expect(board.locator("#opened")).not_to_be_empty()
    expect(board.locator("#desktop")).to_be_hidden()
    told["joinUrl"] = world.meetings()[0]["joinWebUrl"]
    expect(board.locator("#desktop")).to_be_visible()
    expect(board.locator("#desktop-link")).to_have_value(told["joinUrl"])


def test_it_is_silent_about_virtual_desktops_elsewhere(
    world: Sandbox, connection: dict[str, Any], viewers: Make
) -> None:
    clinician = viewers()
    clinician.context.add_init_script(GRAPHICS % json.dumps("ANGLE (Intel, Intel(R) Iris(R) Xe Graphics)"))
    board = clinician_board(world, clinician)
    expect(board.locator("#people li")).to_have_count(1)
    board.wait_for_timeout(300)
    expect(board.locator("#desktop")).to_be_hidden()


def test_sound_is_off_until_somebody_wants_it(world: Sandbox, connection: dict[str, Any], viewers: Make) -> None:
    clinician = viewers()
    clinician.context.add_init_script(
        "window.sounds = 0; const start = OscillatorNode.prototype.start;"
        "OscillatorNode.prototype.start = function (when) { window.sounds += 1; return start.call(this, when); };"
    )
    board = clinician_board(world, clinician)
    switch = board.get_by_role("switch", name="Sound")
    expect(switch).to_have_attribute("aria-checked", "false")
    Visit(world).patient()
    expect(board.locator("#signals li")).to_have_count(1)
    assert board.evaluate("window.sounds") == 0
    switch.focus()
    board.keyboard.press("Space")
    expect(switch).to_have_attribute("aria-checked", "true")
    assert board.evaluate("window.sounds") >= 3, "it is heard at once what it will sound like"
    assert axe(board) == []


def test_a_patient_sees_no_board(world: Sandbox, connection: dict[str, Any], viewers: Make) -> None:
    sick = viewers()
    page = patient_page(world, sick)
    answer = sick.context.request.get(page.url.replace("/api/visit", "/api/board"))
    assert answer.status == 401
    answer = sick.context.request.get(page.url.replace("/api/visit", "/api/visits/current/board"))
    assert answer.status == 401

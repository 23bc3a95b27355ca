"""The patient's page and the device test, in a real browser with pretend devices."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import LANGUAGES
from tests.e2e.pages import (
    BRANDING,
    LOGO,
    Viewer,
    answering,
    axe,
    branded,
    opened_by_clinician,
    patient_page,
    too_wide,
)
from tests.e2e.world import Sandbox

BUDGET = 60 * 1024
NUMBER = BRANDING["clinicNumber"]
WORDS = {
    "en": {
        "here": "We know that you are here. Your clinician has not opened the visit yet.",
        "soon": "Your clinician has opened the visit. You are taken there in 10 seconds",
        "ready": "Go there when you are ready.",
        "left": "You have left the visit.",
        "went": "The visit is open in Microsoft Teams.",
        "over": "This visit was moved or has ended.",
        "lost": "This page does not belong to a visit any more.",
        "offline": "This device has no internet connection at the moment.",
        "failed": "We cannot reach the clinic's system at the moment.",
        "other tab": "This visit is open in another tab, too.",
        "told": "arrival board now shows that you need help",
        "blocked": "Blocked",
        "fine": "Works",
        "skipped": "Not tested",
    },
    "zh-CN": {
        "here": "我们知道您已到达。您的临床医生尚未打开就诊。",
        "soon": "您的临床医生已打开就诊。10 秒后将自动进入",
        "ready": "准备好后即可进入。",
        "left": "您已离开就诊。",
        "went": "就诊已在 Microsoft Teams 中打开。",
        "over": "此次就诊已改期或已结束。",
        "lost": "此页面已不再对应任何就诊。",
        "offline": "此设备目前没有网络连接。",
        "failed": "目前无法连接到诊所的系统。",
        "other tab": "此次就诊也在另一个标签页中打开。",
        "told": "到诊看板现在显示您需要帮助",
        "blocked": "被阻止",
        "fine": "正常",
        "skipped": "未测试",
    },
}
Make = Callable[..., Viewer]


@pytest.fixture
def clinic(world: Sandbox) -> dict[str, Any]:
    """A connection with everything that a patient can be shown."""
    return branded(world)


def says(page: Page, text: str) -> None:
    expect(page.locator("#sentence")).to_contain_text(text)


def becomes(world: Sandbox, page: Page, condition: str) -> None:
    """Until it is so. Asked from here: what Playwright waits for in a page, the page's own policy forbids."""
    world.until(condition, lambda: page.evaluate(condition))


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_a_blocked_device_then_an_allowed_one_then_the_visit(
    world: Sandbox, clinic: dict[str, Any], viewers: Make, language: str
) -> None:
    said, patient = WORDS[language], viewers(language)
    page = patient_page(world, patient)
    says(page, said["here"])
    assert page.locator("html").get_attribute("lang") == language
    patient.look(page, "patient-waiting")

    page.locator("#devices-start").click()
    for device in ("camera", "microphone"):
        expect(page.locator(f"#{device}-state")).to_have_text(said["blocked"])
        expect(page.locator(f"#{device}-steps li").first).to_be_visible()
    patient.look(page, "patient-blocked")

    patient.allow_devices()
    for device in ("camera", "microphone", "connection"):
        expect(page.locator(f"#{device}-state")).to_have_text(said["fine"])
    assert page.evaluate("document.querySelector('#camera-picture').videoWidth") > 0
    becomes(world, page, "document.querySelector('#microphone-meter').value > 0.1")
    page.locator("#speaker-play").click()
    page.locator("#speaker-yes").click()
    expect(page.locator("#speaker-state")).to_have_text(said["fine"])
    patient.look(page, "patient-tested-devices")
    page.locator("#devices-done").click()
    assert page.locator("#devices-result .state").all_inner_texts() == [said["fine"]] * 3
    assert page.evaluate("document.querySelector('#camera-picture').srcObject.active") is False, "camera given back"

    page.reload()
    says(page, said["here"])
    assert page.locator("#devices-result .state").all_inner_texts() == [said["fine"]] * 3, "a refresh keeps the place"

    visit = opened_by_clinician(world)
    page.wait_for_url(visit.meeting["joinWebUrl"])
    assert patient.complaints == []
    assert [one["state"] for one in world.meetings()[0]["roster"]] == []
    assert visit.told("patient-one") == ["waiting"], "all this was one arrival"


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_is_torn_out_of_a_device_test(
    world: Sandbox, clinic: dict[str, Any], viewers: Make, language: str
) -> None:
    said, patient = WORDS[language], viewers(language)
    patient.allow_devices()
    page = patient_page(world, patient)
    page.locator("#devices-start").click()
    expect(page.locator("#microphone-state")).to_have_text(said["fine"])
    visit = opened_by_clinician(world)
    says(page, said["soon"])
    expect(page.locator("#going")).to_be_visible()
    patient.look(page, "patient-opened-during-test")
    page.locator("#going-stay").click()
    says(page, said["ready"])
    expect(page.locator("#join")).to_be_visible()
    patient.look(page, "patient-stays")
    page.locator("#devices-done").click()
    page.wait_for_url(visit.meeting["joinWebUrl"])


def test_the_pause_ends_by_itself(world: Sandbox, clinic: dict[str, Any], viewers: Make) -> None:
    patient = viewers()
    page = patient_page(world, patient)
    page.locator("#devices-start").click()
    expect(page.locator("#camera-state")).to_have_text("Blocked")
    visit = opened_by_clinician(world)
    expect(page.locator("#going")).to_be_visible()
    page.wait_for_url(visit.meeting["joinWebUrl"])


def test_two_tabs_are_one_person(world: Sandbox, clinic: dict[str, Any], viewers: Make) -> None:
    patient = viewers()
    first = patient_page(world, patient)
    says(first, WORDS["en"]["here"])
    second = patient.open(first.url)
    expect(second.locator("#more")).to_contain_text(WORDS["en"]["other tab"])
    patient.look(second, "patient-second-tab")
    visit = opened_by_clinician(world)
    first.wait_for_url(visit.meeting["joinWebUrl"])
    says(second, WORDS["en"]["went"])
    second.wait_for_timeout(2500)
    assert "/api/visit" in second.url, "only one of them goes on"
    second.locator("#join").click()
    second.wait_for_url(visit.meeting["joinWebUrl"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_whoever_left_can_go_back(world: Sandbox, clinic: dict[str, Any], viewers: Make, language: str) -> None:
    said, patient = WORDS[language], viewers(language)
    page = patient_page(world, patient)
    address = page.url
    says(page, said["here"])
    visit = opened_by_clinician(world)
    page.wait_for_url(visit.meeting["joinWebUrl"])
    visit.act("join", "provider-one")
    visit.act("join", "Guest")
    visit.act("admit", "Guest")
    visit.wait_told("patient-one", "waiting", "connected")
    page.goto(address)
    expect(page.locator("#join")).to_be_visible()
    visit.act("leave", "Guest")
    visit.wait_told("patient-one", "waiting", "connected", "disconnected")
    says(page, said["left"])
    patient.look(page, "patient-left")
    page.locator("#join").click()
    page.wait_for_url(visit.meeting["joinWebUrl"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_other_state_has_its_true_sentence(
    world: Sandbox, clinic: dict[str, Any], viewers: Make, language: str
) -> None:
    said, patient = WORDS[language], viewers(language)
    page = patient_page(world, patient)
    says(page, said["here"])
    told = {"state": "waiting", "opened": False, "over": True, "helpAsked": False, "dialIn": None}
    back = answering(page, told)
    says(page, said["over"])
    patient.look(page, "patient-over")
    back()
    says(page, said["here"])

    page.route("**/api/visits/current?*", lambda route: route.fulfill(status=503, json={"code": "unavailable"}))
    says(page, said["failed"])
    expect(page.locator("#call-number")).to_have_text(NUMBER)
    patient.look(page, "patient-failed")
    page.unroute_all()
    says(page, said["here"])

    patient.context.set_offline(offline=True)
    says(page, said["offline"])
    patient.look(page, "patient-offline")
    patient.context.set_offline(offline=False)
    says(page, said["here"])

    patient.context.clear_cookies()
    says(page, said["lost"])
    expect(page.locator("#call-number")).to_have_text(NUMBER)
    patient.look(page, "patient-lost")


@pytest.mark.parametrize("language", LANGUAGES)
def test_i_cannot_get_in(world: Sandbox, clinic: dict[str, Any], viewers: Make, language: str) -> None:
    said, patient = WORDS[language], viewers(language)
    page = patient_page(world, patient)
    says(page, said["here"])
    page.locator("#help-ask").click()
    expect(page.locator("#help-said")).to_contain_text(said["told"])
    expect(page.locator("#help-call-number")).to_have_text(NUMBER)
    expect(page.locator("#help-call-number")).to_have_attribute("href", "tel:+12025550100")
    patient.look(page, "patient-help")
    page.reload()
    expect(page.locator("#help-said")).to_contain_text(said["told"])

    told = {"state": "waiting", "opened": False, "over": False, "helpAsked": True}
    answering(page, {**told, "dialIn": "+1 202 555 0142,,123456#"})
    expect(page.locator("#help-dial-in")).to_have_attribute("href", "tel:%2B12025550142%2C%2C123456%23")
    patient.look(page, "patient-help-dial-in")


def test_a_call_for_help_that_nobody_took_is_not_claimed(world: Sandbox, clinic: dict[str, Any], viewers: Make) -> None:
    page = patient_page(world, viewers())
    page.route("**/api/visits/current/help?*", lambda route: route.abort())
    page.locator("#help-ask").click()
    expect(page.locator("#help-said")).to_contain_text("We could not pass this on.")
    expect(page.locator("#help-call-number")).to_be_visible()


def test_by_keyboard_alone(world: Sandbox, clinic: dict[str, Any], viewers: Make) -> None:
    patient = viewers()
    patient.allow_devices()
    page = patient_page(world, patient)
    says(page, WORDS["en"]["here"])

    def to(target: str) -> None:
        for _ in range(15):
            if page.evaluate("target => document.activeElement?.id === target", target):
                outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert outline == "solid", f"the focus on {target} cannot be seen"
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"{target} cannot be reached by keyboard")

    to("devices-start")
    page.keyboard.press("Enter")
    expect(page.locator("#camera-state")).to_have_text("Works")
    to("speaker-play")
    page.keyboard.press("Space")
    expect(page.locator("#speaker-yes")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#speaker-state")).to_have_text("Works")
    expect(page.locator("#speaker-play")).to_be_focused()
    to("devices-done")
    page.keyboard.press("Enter")
    expect(page.locator("#devices-result")).to_contain_text("Works")
    to("help-ask")
    page.keyboard.press("Enter")
    expect(page.locator("#help-said")).to_contain_text("need help")


def test_large_text_on_a_small_screen(world: Sandbox, clinic: dict[str, Any], viewers: Make) -> None:
    patient = viewers(viewport={"width": 320, "height": 640})
    page = patient_page(world, patient)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    page.locator("#devices-start").click()
    expect(page.locator("#camera-state")).to_have_text("Blocked")
    assert too_wide(page) <= 0
    page.screenshot(path=patient.folder / "patient-large-text.png", full_page=True)


def test_without_motion_without_colours_and_from_right_to_left(
    world: Sandbox, clinic: dict[str, Any], viewers: Make
) -> None:
    patient = viewers(viewport={"width": 390, "height": 844})
    page = patient_page(world, patient)
    says(page, WORDS["en"]["here"])
    animation = "getComputedStyle(document.querySelector('.mark')).animationName"
    assert page.evaluate(animation) == "breathe"
    page.emulate_media(reduced_motion="reduce", forced_colors="active")
    assert page.evaluate(animation) == "none"
    page.locator("#devices-start").click()
    expect(page.locator("#camera-state")).to_have_text("Blocked")
    assert page.evaluate("getComputedStyle(document.querySelector('#camera-state'), '::before').content") == '"! "'
    page.screenshot(path=patient.folder / "patient-forced-colours.png", full_page=True)
    page.emulate_media(forced_colors="none")
    page.evaluate("document.documentElement.dir = 'rtl'")
    assert too_wide(page) <= 0
    left, right = (page.locator(f"#camera{part}").bounding_box() for part in ("-state", "-name"))
    assert left
    assert right
    assert left["x"] < right["x"]
    page.screenshot(path=patient.folder / "patient-right-to-left.png", full_page=True)


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_it_is_small_and_asks_nobody_else(world: Sandbox, viewers: Make, language: str) -> None:
    """Every byte up to the first answer counts, with the largest logo that a connection may have."""
    largest = LOGO.rstrip("=") + "A" * ((24_000 - len(LOGO)) // 4 * 4)
    branded(world, branding={**BRANDING, "logo": largest})
    patient = viewers(language)
    sizes: dict[str, int] = {}
    page = patient.context.new_page()
    # Whatever the page asks its API for, it gets no answer: it must be there without.
    page.route("**/api/visits/**", lambda route: None)
    page.on("response", lambda response: _weigh(response, sizes))
    page.goto(world.launch_url("patient", "patient-one", "one-to-one"))
    expect(page.locator("#sentence")).not_to_be_empty()
    expect(page.locator(".clinic .name")).to_have_text(BRANDING["name"])
    expect(page.locator("#call-number")).to_have_text(NUMBER)
    becomes(world, page, "performance.getEntriesByName('first-contentful-paint').length === 1")
    page.wait_for_load_state("load")
    ours = {url: size for url, size in sizes.items() if url.startswith(f"{world.connector}/api/")}
    print(ours)  # noqa: T201 - shown with `pytest -rP`
    assert any(".js" in url for url in ours)
    assert any(".css" in url for url in ours)
    assert sum(ours.values()) <= BUDGET, ours
    assert [one for one in patient.foreign(world.connector) if not one.startswith(world.hospital)] == []


def _weigh(response: Any, sizes: dict[str, int]) -> None:
    if response.ok and "/api/launch/" not in response.url:
        sizes[response.url] = len(response.body())


def test_the_language_can_be_switched(world: Sandbox, clinic: dict[str, Any], viewers: Make) -> None:
    page = patient_page(world, viewers("en"))
    says(page, WORDS["en"]["here"])
    page.get_by_role("link", name="简体中文").click()
    says(page, WORDS["zh-CN"]["here"])
    page.get_by_role("link", name="English").click()
    says(page, WORDS["en"]["here"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_device_test_before_the_day(world: Sandbox, clinic: dict[str, Any], viewers: Make, language: str) -> None:
    said, patient = WORDS[language], viewers(language)
    page = patient.open(f"{world.connector}/api/device-test?clinic={clinic['id']}")
    expect(page.locator(".clinic .name")).to_have_text(BRANDING["name"])
    patient.look(page, "device-test")
    page.locator("#devices-start").click()
    expect(page.locator("#camera-state")).to_have_text(said["blocked"])
    patient.look(page, "device-test-blocked")
    patient.allow_devices()
    expect(page.locator("#camera-state")).to_have_text(said["fine"])
    expect(page.locator("#microphone-state")).to_have_text(said["fine"])
    page.locator("#devices-done").click()
    words = page.locator("#devices-result .state").all_inner_texts()
    assert words == [said["fine"], said["fine"], said["skipped"]], "three words, no more"
    patient.look(page, "device-test-result")
    assert patient.complaints == []
    link = page.locator("footer a[hreflang]").get_attribute("href") or ""
    assert re.search(rf"clinic={clinic['id']}", link), "the clinic stays when the language changes"
    assert axe(page) == []

"""The portal by keyboard alone, in forced colours, from right to left; and where its secrets are not."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Request, expect

from tests.e2e.portal.support import People, PortalSandbox, Reader, base_url, findings, submit

MOST_TABS = 60


def test_submitting_by_keyboard_alone(world: PortalSandbox, people: People) -> None:
    admin = people("en")
    admin.page.goto(world.portal)
    admin.heading("landing.title")
    _reach(admin, admin.button("landing.signIn"))
    admin.page.keyboard.press("Enter")
    oid = world.user("admin")["oid"]
    _reach(admin, admin.page.locator(f"button[name=account][value$='{oid}']"), own=False)
    admin.page.keyboard.press("Enter")
    admin.page.wait_for_url(f"{world.portal}/**")
    admin.heading("connections.title")
    admin.page.keyboard.press("Tab")
    expect(admin.page.get_by_role("link", name=admin.say("skip"))).to_be_focused()
    admin.page.keyboard.press("Enter")
    _reach(admin, admin.button("connections.add"))
    admin.page.keyboard.press("Enter")
    expect(admin.field("field.url")).to_be_focused()
    admin.page.keyboard.type(base_url(world) + "/metadata")
    _reach(admin, admin.button("doctor.use"))
    admin.page.keyboard.press("Space")
    expect(admin.field("field.url")).to_have_value(base_url(world))
    _reach(admin, admin.page.get_by_role("radio", name=admin.say("environment.test")))
    admin.page.keyboard.press("ArrowRight")
    expect(admin.text("connections.testFirst")).to_be_visible()
    admin.page.keyboard.press("ArrowLeft")
    _reach(admin, admin.field("field.approver"))
    admin.page.keyboard.type(world.user("analyst")["userName"])
    admin.page.keyboard.press("Enter")
    expect(admin.text("connections.submitted")).to_be_visible()
    expect(admin.button("connections.add")).to_be_focused()
    more = admin.button("connections.moreWhich", url=base_url(world))
    _reach(admin, more)
    admin.page.keyboard.press("Enter")
    admin.page.keyboard.press("Tab")
    admin.page.keyboard.press("Escape")
    expect(more).to_be_focused()
    admin.page.keyboard.press("Enter")
    _reach(admin, admin.button("connections.delete"))
    admin.page.keyboard.press("Enter")
    dialog = admin.page.get_by_role("dialog")
    expect(dialog.get_by_role("textbox")).to_be_focused()
    admin.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_tokens_are_neither_in_addresses_nor_kept(world: PortalSandbox, people: People) -> None:
    admin = people("en")
    asked: list[Request] = []

    def note(request: Request) -> None:
        asked.append(request)

    admin.page.on("request", note)
    submit(admin)
    token = next(one.headers["authorization"] for one in asked if "authorization" in one.headers).split()[1]
    kept = admin.page.evaluate("JSON.stringify({local: {...localStorage}, cookies: document.cookie})")
    assert kept == '{"local":{},"cookies":""}'
    admin.button("signOut").click()
    expect(admin.page.get_by_role("heading", name="Sample").or_(admin.page.get_by_role("heading"))).to_be_visible()
    addresses = [one.url for one in asked]
    assert any("/logout" in url for url in addresses)
    assert not [url for url in addresses if token in url or re.search(r"eyJ[\w-]{10,}\.eyJ", url)]
    mine = {world.portal, world.connector, world.microsoft}
    assert {f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, addresses)} <= mine, "no third party"


def test_the_policy_is_strict(world: PortalSandbox) -> None:
    policy = world.http.get(world.portal).headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert f"connect-src 'self' {world.microsoft} {world.connector};" in policy
    for path in ("/../package.json", "/%2e%2e/package.json", "/..%2fpackage.json", "/assets/none.js"):
        assert world.http.get(world.portal + path).status_code == 404, path


def test_forced_colours_and_the_other_direction(world: PortalSandbox, people: People) -> None:
    admin = people("en")
    submit(admin)
    admin.page.emulate_media(forced_colors="active")
    admin.page.screenshot(path=admin.person.folder / "portal-en-forced-colours.png", full_page=True)
    assert findings(admin.page) == []
    admin.page.emulate_media(forced_colors="none")
    admin.page.evaluate(
        "for (const one of [document.documentElement, document.querySelector('.provider')]) one.dir = 'rtl'"
    )
    navigation = admin.page.get_by_role("navigation").first.bounding_box()
    content = admin.page.get_by_role("main").bounding_box()
    assert navigation
    assert content
    assert navigation["x"] > content["x"], "what was left is right"
    admin.page.screenshot(path=admin.person.folder / "portal-en-right-to-left.png", full_page=True)
    assert admin.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_the_language_is_chosen_and_remembered(world: PortalSandbox, people: People) -> None:
    admin = people("en")
    admin.sign_in("admin")
    admin.heading("connections.title")
    admin.page.get_by_role("button", name="简体中文").click()
    chinese = Reader(world, admin.person, "zh-CN", admin.page)
    chinese.heading("connections.title")
    expect(admin.page.locator("html")).to_have_attribute("lang", "zh-CN")
    admin.page.reload()
    chinese.heading("connections.title")


def _reach(reader: Reader, target: Locator, *, own: bool = True) -> None:
    """Press Tab until the target has the focus; on our own pages every stop on the way must be visible."""
    expect(target).to_be_visible()
    for _ in range(MOST_TABS):
        if target.evaluate("element => element === document.activeElement"):
            return
        reader.page.keyboard.press("Tab")
        if own:
            assert reader.page.evaluate(_FOCUS_SHOWS), reader.page.evaluate("document.activeElement.outerHTML")
    raise AssertionError(f"not reached by {MOST_TABS} presses of Tab: {target}")


_FOCUS_SHOWS = """() => {
  const element = document.activeElement;
  if (!element || element === document.body || element.hasAttribute("data-tabster-dummy")) return true;
  const around = [element, element.parentElement, element.nextElementSibling].filter(Boolean);
  return around.some((one) => ["", "::after"].some((part) => {
    const style = getComputedStyle(one, part || null);
    const outline = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    const border = part === "::after" && style.content !== "none" && parseFloat(style.borderBottomWidth) > 0;
    return outline || border || style.boxShadow !== "none";
  }));
}"""

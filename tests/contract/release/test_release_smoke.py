"""The smoke test: nothing to say of what is good, the connector itself among it; one sentence for each fault."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.dev import package
from sandbox.dev.settings import read_values
from scripts import portal
from scripts.smoke import Stamp, main, portal_problems, stamp_problems
from tests.contract.release.stand_in import KEY, PORTAL_HEADERS, Reply, World, as_json, running
from tests.support.processes import free_port, python_stand_in

ROOT = Path(__file__).parents[3]
SAMPLE = ROOT / "local.settings.sample.json"
EMEA = "https://emea.sample.example"
ENTRA = "https://login.microsoftonline.com"


@pytest.fixture
def connector(azurite: str, tmp_path: Path) -> Iterator[str]:
    """The connector itself behind the local host, with a build as a deployed one has."""
    for name, file in package.deployed_files(ROOT):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, tmp_path / name)
    (tmp_path / package.BUILD).write_text("a-build\n", "ascii")
    values = read_values(SAMPLE)
    storage = {"STORAGE_CONNECTION": azurite, "AzureWebJobsStorage": azurite}
    environment = {**values, **storage, "LOCAL_KEY_DIRECTORY": str(tmp_path / "keys")}
    arguments = ["--port", str(free_port()), "--settings", str(SAMPLE), "--app-root", str(tmp_path), "--no-timers"]
    with python_stand_in("sandbox.host", *arguments, environment=environment, seconds=50) as process:
        yield process.url


def test_the_connector_itself_is_as_it_should_be(connector: str, capsys: pytest.CaptureFixture[str]) -> None:
    origin = json.loads(SAMPLE.read_text("utf-8"))["Host"]["CORS"]
    words = ["stamp", connector, "--build", "a-build", "--geography", "emea", "--portal", origin]
    assert main(words) == 0, capsys.readouterr().out
    assert main(["--patience", "0", "stamp", connector, "--build", "another", "--geography", "emea"]) == 1
    assert "tells a-build, not another, after 0 s" in capsys.readouterr().out


def test_the_placed_portal_is_as_it_should_be(world: World, tmp_path: Path) -> None:
    dist = shutil.copytree(ROOT / "portal" / "admin" / "public", tmp_path / "dist")
    config = {
        "regions": [{"geography": "emea", "apiBaseUrl": EMEA}],
        "authority": "https://login.microsoftonline.com/organizations/v2.0",
        "clientId": "cccccccc-0000-4000-8000-00000000b0a1",
        "scope": "api://cccccccc-0000-4000-8000-00000000a911/access_as_user",
    }
    told = {"PORTAL_CONFIG": {"value": config}, "STAMPS": {"value": []}, "PORTAL_BASE_URL": {"value": world.url}}
    (tmp_path / "outputs.json").write_text(json.dumps(told), "utf-8")
    assert portal.main([str(dist), "--outputs", str(tmp_path / "outputs.json")]) == 0
    assert json.loads((dist / "config.json").read_text("utf-8")) == config
    rules = json.loads((dist / "staticwebapp.config.json").read_text("utf-8"))
    world.spoiled = {
        "/": Reply(200, b"<html></html>", rules["globalHeaders"]),
        "/config.json": Reply(200, (dist / "config.json").read_bytes()),
    }
    assert portal_problems(world.url, [EMEA], 0) == []
    words = ["--patience", "0", "portal", "--outputs", str(tmp_path / "outputs.json")]
    assert main(words) == 0
    # A deployment of one geography tells its own stamp alone; the portal is for all.
    config["regions"] = [{"geography": "apac", "apiBaseUrl": "https://apac.sample.example"}]
    (tmp_path / "outputs.json").write_text(json.dumps(told), "utf-8")
    assert main(words) == 1


def wanted(world: World) -> Stamp:
    return Stamp(world.url, "before", "emea", world.portal)


def test_the_stand_in_is_good_until_it_is_spoiled(world: World) -> None:
    assert stamp_problems(wanted(world), 0) == []
    assert portal_problems(world.url, [EMEA], 0) == []


@pytest.mark.parametrize(
    ("path", "reply", "told"),
    [
        ("/api/version", Reply(503), "/api/version tells nothing, not before"),
        ("/api/version", as_json({"build": "older"}), "tells older, not before"),
        ("/api/health", as_json({"status": "keys cannot be read"}, 503), "/api/health: 503, keys cannot be read"),
        ("/api/health", as_json({"geography": "apac"}), "this is the stamp of apac, not of emea"),
        ("/api/keys/test/jwks.json", as_json({"keys": []}), "/api/keys/test/jwks.json: 200, no keys"),
        ("/api/keys/production/jwks.json", Reply(404), "/api/keys/production/jwks.json: 404, no keys"),
        ("/api/keys/test/jwks.json", as_json({"keys": [KEY | {"d": "x"}]}), "a private key is published"),
        ("/api/graph/notifications", Reply(400), "/api/graph/notifications: 400, the word is not echoed"),
        ("/api/graph/lifecycle", Reply(200, b"word", {"Content-Type": "text/plain"}), "the word is not echoed"),
    ],
)
def test_a_fault_of_a_stamp_is_one_sentence(world: World, path: str, reply: Reply, told: str) -> None:
    world.spoiled = {path: reply}
    [problem] = stamp_problems(wanted(world), 0)
    assert problem.startswith(world.url)
    assert told in problem


def test_a_word_that_is_echoed_as_a_page_is_no_handshake(world: World) -> None:
    class Page(World):
        def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Reply:
            reply = super().answer(method, target, headers, body)
            return reply._replace(headers={"Content-Type": "text/html"}) if "/graph/" in target else reply

    with running(Page()) as page:
        assert len(stamp_problems(Stamp(page.url, "before", "emea"), 0)) == 2
    assert stamp_problems(wanted(world), 0) == []


def test_a_portal_that_may_not_call_is_told(world: World) -> None:
    [problem] = stamp_problems(Stamp(world.url, "before", "emea", "https://another.example"), 0)
    assert "the portal at https://another.example may not call it (CORS allows nobody)" in problem


def test_the_new_build_is_waited_for(world: World) -> None:
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        world.build = "new" if len(waited) == 3 else world.build

    assert stamp_problems(Stamp(world.url, "new", "emea"), 60, sleep) == []
    assert waited == [5, 5, 5]


@pytest.mark.parametrize("header", sorted(PORTAL_HEADERS))
def test_a_header_that_the_portal_does_not_send(world: World, header: str) -> None:
    rest = {name: value for name, value in PORTAL_HEADERS.items() if name != header}
    world.spoiled = {"/": Reply(200, b"<html></html>", rest)}
    problems = portal_problems(world.url, [EMEA], 0)
    assert f"{world.url}/: the header {header} is ''" in problems[0]
    assert len(problems) == (3 if header == "Content-Security-Policy" else 1)


def test_a_portal_that_knows_another_stamp_only(world: World) -> None:
    told = portal_problems(world.url, ["https://apac.sample.example"], 0)
    assert told == [
        f"{world.url}/: its policy lets no script call https://apac.sample.example",
        f"{world.url}/config.json: https://apac.sample.example is not in it",
    ]


@pytest.mark.parametrize(
    ("connect", "left_out"),
    [
        (f"'self' {EMEA}", [ENTRA]),
        (f"'self' {ENTRA}", [EMEA]),
        (f"'self' {ENTRA}.another.example {EMEA}.another.example", [ENTRA, EMEA]),
        (f"'self'; img-src {ENTRA} {EMEA}", [ENTRA, EMEA]),
    ],
)
def test_a_policy_that_lets_nobody_sign_in_or_call(world: World, connect: str, left_out: list[str]) -> None:
    policy = f"default-src 'none'; connect-src {connect}; base-uri 'none'"
    world.spoiled = {"/": Reply(200, b"<html></html>", PORTAL_HEADERS | {"Content-Security-Policy": policy})}
    told = [f"{world.url}/: its policy lets no script call {origin}" for origin in left_out]
    assert portal_problems(world.url, [EMEA], 0) == told


def test_a_portal_that_names_no_place_to_sign_in(world: World) -> None:
    world.spoiled = {"/config.json": as_json({"regions": [{"apiBaseUrl": EMEA}]})}
    assert portal_problems(world.url, [EMEA], 0) == [f"{world.url}/config.json: it does not say where people sign in"]


def test_a_portal_that_does_not_answer_is_waited_for(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.spoiled = {"/": Reply(404)}

    def sleep(_: float) -> None:
        world.spoiled = {}

    assert portal_problems(world.url, [EMEA], 60, sleep) == []
    assert main(["--patience", "0", "portal", "http://127.0.0.1:9", "--api", EMEA]) == 1
    assert "http://127.0.0.1:9/: 0, no page" in capsys.readouterr().out

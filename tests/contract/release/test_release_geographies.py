"""A release: geography by geography, a smoke test after each, and the last good package where it fails."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import outputs
from scripts.publish import DeploymentSite
from scripts.release import Release, release
from tests.contract.release.stand_in import Reply, World, package, running

NAMES = ("amer", "apac", "emea")


@pytest.fixture
def worlds() -> Iterator[dict[str, World]]:
    found = {name: World() for name in NAMES}
    for name, one in found.items():
        one.geography = name
    with running(found["amer"]), running(found["apac"]), running(found["emea"]):
        yield found


def told(worlds: dict[str, World], folder: Path) -> Path:
    """As `az` prints the outputs, in the order of the template and a case of its own."""
    stamps = [
        {
            "geography": name,
            "region": "a region",
            "resourceGroup": f"rg-{name}",
            "functionApp": f"func-{name}",
            "publicBaseUrl": f"{worlds[name].url}/",
        }
        for name in ("emea", "amer", "apac")
    ]
    portal = worlds["amer"].portal
    content = {"stamps": {"type": "Array", "value": stamps}, "portaL_BASE_URL": {"type": "String", "value": portal}}
    file = folder / "outputs.json"
    file.write_text(json.dumps(content), "utf-8")
    return file


def run(worlds: dict[str, World], folder: Path, last_good: Path | None) -> int:
    found = outputs.read(told(worlds, folder))

    def site(group: str, app: str) -> DeploymentSite:
        name = group.removeprefix("rg-")
        assert app == f"func-{name}"
        return worlds[name].site

    return release(Release(package(folder, "new"), last_good, found.portal, 0, site), found.stamps)


def builds(worlds: dict[str, World]) -> dict[str, list[str]]:
    return {name: [build for _, build in one.published] for name, one in worlds.items()}


def test_a_good_package_reaches_every_geography(worlds: dict[str, World], tmp_path: Path) -> None:
    assert run(worlds, tmp_path, package(tmp_path, "old")) == 0
    assert builds(worlds) == {name: ["new"] for name in NAMES}


def test_where_it_fails_the_last_good_comes_back_and_the_rest_is_not_touched(
    worlds: dict[str, World], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    worlds["apac"].bad = {"new"}
    assert run(worlds, tmp_path, package(tmp_path, "old")) == 1
    assert builds(worlds) == {"amer": ["new"], "apac": ["new", "old"], "emea": []}
    said = capsys.readouterr().out
    assert "apac: " in said
    assert "/api/health: 503, storage does not answer" in said
    assert "apac: the last good package runs again" in said
    assert "Not touched: emea." in said


def test_a_package_that_azure_refuses_is_taken_back_as_well(worlds: dict[str, World], tmp_path: Path) -> None:
    worlds["emea"].answers_to_publish = [Reply(500)]
    assert run(worlds, tmp_path, package(tmp_path, "old")) == 1
    assert builds(worlds) == {"amer": ["new"], "apac": ["new"], "emea": ["old"]}


def test_without_a_last_good_package_it_says_so(
    worlds: dict[str, World], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    worlds["amer"].bad = {"new"}
    assert run(worlds, tmp_path, None) == 1
    assert builds(worlds) == {"amer": ["new"], "apac": [], "emea": []}
    assert "no last good package to bring back" in capsys.readouterr().out


def test_when_even_the_last_good_is_not_good_somebody_is_called(
    worlds: dict[str, World], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    worlds["amer"].bad = {"new", "old"}
    assert run(worlds, tmp_path, package(tmp_path, "old")) == 1
    assert "THE LAST GOOD PACKAGE IS NOT GOOD EITHER" in capsys.readouterr().out


def test_outputs_come_from_azd_as_well(worlds: dict[str, World], monkeypatch: pytest.MonkeyPatch) -> None:
    stamp = {"geography": "emea", "resourceGroup": "rg", "functionApp": "f", "publicBaseUrl": worlds["emea"].url}
    monkeypatch.setenv("STAMPS", json.dumps([stamp]))
    monkeypatch.setenv("PORTAL_CONFIG", json.dumps({"regions": []}))
    monkeypatch.setenv("PORTAL_BASE_URL", "https://portal.sample.example/")
    found = outputs.read(None)
    assert [one.url for one in found.stamps] == [worlds["emea"].url]
    assert found.portal == "https://portal.sample.example"
    assert found.portal_config == {"regions": []}

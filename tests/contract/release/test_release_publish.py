"""Publishing: the call of Azure's own clients, and every way in which it can end."""

from pathlib import Path

import pytest

from scripts.publish import DeploymentSite, PublishError, build_of, publish, site_of
from tests.contract.release.stand_in import TOKEN, Reply, World, as_json, package
from tests.support.commands import Command


def at_once(_seconds: float) -> None:
    """No waiting."""


def test_the_package_is_sent_as_it_is_and_waited_for(world: World, tmp_path: Path) -> None:
    world.progress = [Reply(404), as_json({"status": 0}), as_json({"status": 2}, 202), as_json({"status": 4})]
    publish(world.site, package(tmp_path, "new"), at_once)
    assert world.published == [("RemoteBuild=false", "new")]
    assert world.progress == []


def test_a_site_that_goes_away_after_its_work_is_no_failure(world: World, tmp_path: Path) -> None:
    world.progress = [as_json({"status": 1}), Reply(404)]
    publish(world.site, package(tmp_path, "new"), at_once)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"status": 3, "status_text": "no host.json"}, "The deployment failed: no host.json"),
        ({"status": -1}, "was cancelled: Azure does not say why"),
        ({"status": 5}, "gave way to another one"),
        ({"status": 6}, "succeeded only in part"),
        ({"status": 9}, "ended with status 9"),
    ],
)
def test_a_deployment_that_ends_badly(world: World, tmp_path: Path, told: dict[str, object], expected: str) -> None:
    world.progress = [as_json(told)]
    with pytest.raises(PublishError, match=expected):
        publish(world.site, package(tmp_path, "new"), at_once)


def test_another_deployment_is_waited_for(world: World, tmp_path: Path) -> None:
    waited: list[float] = []
    world.answers_to_publish = [Reply(409), Reply(409)]
    publish(world.site, package(tmp_path, "new"), waited.append)
    assert waited == [30, 30]
    world.answers_to_publish = [Reply(409)] * 10
    with pytest.raises(PublishError, match="did not take the package: 409"):
        publish(world.site, package(tmp_path, "new"), at_once)


def test_a_package_that_is_refused(world: World, tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="did not take the package: 401"):
        publish(DeploymentSite(world.url, "somebody's token"), package(tmp_path, "new"), at_once)


@pytest.mark.parametrize("status", [401, 500])
def test_a_site_that_does_not_tell(world: World, tmp_path: Path, status: int) -> None:
    world.progress = [Reply(status)]
    with pytest.raises(PublishError, match=f"does not know how the deployment goes: {status}"):
        publish(world.site, package(tmp_path, "new"), at_once)


def test_a_deployment_that_never_appears_and_one_that_never_ends(world: World, tmp_path: Path) -> None:
    world.progress = [Reply(404)] * 11
    with pytest.raises(PublishError, match="404"):
        publish(world.site, package(tmp_path, "new"), at_once)
    world.progress = [as_json({"status": 1})] * 450
    with pytest.raises(PublishError, match="did not end within 15 minutes"):
        publish(world.site, package(tmp_path, "new"), at_once)


def test_a_site_that_cannot_be_reached(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="cannot be reached"):
        publish(DeploymentSite("http://127.0.0.1:9", TOKEN), package(tmp_path, "new"), at_once)


def test_the_site_is_the_one_that_azure_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = [
        {"name": "func-ehr.azurewebsites.net", "hostType": "Standard"},
        {"name": "func-ehr.scm.azurewebsites.net", "hostType": "Repository"},
    ]
    answers = {"functionapp show": {"hostNameSslStates": hosts}, "get-access-token": {"accessToken": TOKEN}}
    az = Command(tmp_path, "az", answers)
    az.install(monkeypatch)
    assert site_of("rg-sample-emea", "func-ehr") == DeploymentSite("https://func-ehr.scm.azurewebsites.net", TOKEN)
    assert az.asked[0].startswith("functionapp show --resource-group rg-sample-emea --name func-ehr")


def test_a_package_says_which_build_it_is(tmp_path: Path) -> None:
    assert build_of(package(tmp_path, "abc")) == "abc"

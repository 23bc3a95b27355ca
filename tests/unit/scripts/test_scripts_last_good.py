"""What a release goes back to: only what this repository's own main branch has left there."""

from pathlib import Path
from typing import Any

import pytest

from scripts.last_good import artifact_name, main, newest
from tests.support.commands import Command


def artifact(day: int, **changed: Any) -> dict[str, Any]:
    run = {"id": day, "head_branch": "main", "repository_id": 1, "head_repository_id": 1, "head_sha": f"commit {day}"}
    run |= changed.pop("run", {})
    return {"created_at": f"2026-11-{day:02}T08:00:00Z", "expired": False, "workflow_run": run, **changed}


def test_the_newest_is_taken() -> None:
    assert newest([artifact(3), artifact(5), artifact(4)]) == artifact(5)
    assert newest([]) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"expired": True},
        {"workflow_run": None},
        {"run": {"head_branch": "a-branch"}},
        {"run": {"head_repository_id": 2}},
    ],
)
def test_what_has_gone_or_comes_from_elsewhere_is_not_taken(changed: dict[str, Any]) -> None:
    assert newest([artifact(9, **changed), artifact(1)]) == artifact(1)


def test_it_is_fetched_from_its_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_REPOSITORY", "sample-hospital/connector")
    gh = Command(tmp_path, "gh", {"api": {"artifacts": [artifact(7)]}, "run download": {}})
    gh.install(monkeypatch)
    assert main(["test", str(tmp_path / "last")]) == 0
    assert gh.asked == [
        f"api repos/sample-hospital/connector/actions/artifacts?name={artifact_name('test')}&per_page=100",
        f"run download 7 --repo sample-hospital/connector --name last-good-test --dir {tmp_path / 'last'}",
    ]
    assert "test: commit 7 of 2026-11-07" in capsys.readouterr().out


def test_before_the_first_release_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_REPOSITORY", "sample-hospital/connector")
    Command(tmp_path, "gh", {"api": {"artifacts": []}}).install(monkeypatch)
    assert main(["production", str(tmp_path / "last")]) == 0
    assert list((tmp_path / "last").iterdir()) == []

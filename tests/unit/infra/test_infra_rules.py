"""The rules of issue "deploy it", on the secure profile; and that each rule notices when a copy is spoiled."""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.support.bicep.rules.every import RULES, findings
from tests.unit.infra.spoilings import SPOILINGS, Spoiling

ROOT = Path(__file__).parents[3]
INFRA = ROOT / "infra"
HEADERS = Path("portal/admin/public/staticwebapp.config.json")


def copied(folder: Path) -> Path:
    """The templates, and the one file outside that they read, in another place."""
    shutil.copytree(INFRA, folder / "infra")
    (folder / HEADERS).parent.mkdir(parents=True)
    shutil.copy(ROOT / HEADERS, folder / HEADERS)
    return folder / "infra"


def test_the_secure_profile_keeps_every_rule() -> None:
    assert findings(INFRA) == {}


def test_a_copy_keeps_every_rule(tmp_path: Path) -> None:
    assert findings(copied(tmp_path)) == {}


@pytest.mark.parametrize("spoiling", SPOILINGS, ids=lambda one: f"{one.rule}: {one.new.strip()[:40] or one.old[:40]}")
def test_what_is_spoiled_is_noticed(spoiling: Spoiling, tmp_path: Path) -> None:
    file = copied(tmp_path) / spoiling.file
    text = file.read_text(encoding="utf-8")
    assert text.count(spoiling.old) == 1
    file.write_text(text.replace(spoiling.old, spoiling.new), encoding="utf-8")
    assert spoiling.rule in findings(tmp_path / "infra")


def test_every_rule_is_spoiled_at_least_once() -> None:
    spoiled = Counter(one.rule for one in SPOILINGS)
    assert set(spoiled) == {*RULES, "resolves", "fits", "works_out"}
    assert spoiled.total() >= 25

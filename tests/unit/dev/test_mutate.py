"""How `dev.py mutate` judges: from mutmut's verdicts to a score for each file."""

import re
from pathlib import Path

import pytest

from tests.mutation.groups import GROUPS, Group
from tests.mutation.score import Score, markdown, scores, total, verdicts

ROOT = Path(__file__).parents[3]
RESULTS = """
    shared.presence.fold.x_fold__mutmut_1: killed
    shared.presence.fold.x__latest__mutmut_2: timeout
    shared.presence.fold.x__latest__mutmut_3: survived
    shared.presence.fold.x__latest__mutmut_4: no tests
    shared.presence.plan.xǁ_Presentǁjudged__mutmut_17: segfault
    shared.presence.plan.xǁ_Presentǁjudged__mutmut_18: not checked
"""
FOLD, PLAN = "shared/presence/fold.py", "shared/presence/plan.py"


def test_each_mutant_counts_for_its_file() -> None:
    found = scores(verdicts(RESULTS), [FOLD, PLAN])
    assert found == {FOLD: Score(1, 1, 1, 1), PLAN: Score(1, 0, 0, 1)}
    assert total(found.values()) == Score(2, 1, 1, 2)


def test_what_no_test_reached_counts_as_not_noticed() -> None:
    assert Score(killed=80, timed_out=5, survived=10, untested=5).is_enough
    assert not Score(killed=84, untested=16).is_enough
    assert not Score(killed=84, survived=16).is_enough


def test_a_file_without_mutants_is_no_success() -> None:
    assert not scores(verdicts(""), [FOLD])[FOLD].is_enough


def test_the_table_has_a_line_for_each_file_and_one_for_all() -> None:
    lines = markdown("The fold", scores(verdicts(RESULTS), [FOLD, PLAN])).splitlines()
    assert lines[2:] == [
        f"| `{FOLD}` | 4 | 1 | 1 | 1 | 1 | 50.0 % |",
        f"| `{PLAN}` | 2 | 1 | 0 | 0 | 1 | 50.0 % |",
        "| **The fold** | 6 | 2 | 1 | 1 | 2 | 50.0 % |",
    ]


def test_each_group_has_its_place_in_the_document() -> None:
    text = (ROOT / "docs" / "reliability.md").read_text("utf-8")
    assert re.findall(r"<!-- mutation: (\w+) -->", text) == [one.name for one in GROUPS]


@pytest.mark.parametrize("group", GROUPS, ids=lambda one: one.name)
def test_what_a_group_names_is_there(group: Group) -> None:
    assert [path for path in (*group.files, *group.tests) if not (ROOT / path).exists()] == []

"""The visit that the bench counts: it goes as it should, and the second leg of a launch asks as little as promised."""

from pathlib import Path

import pytest

from tests.bench.cost.story import Story
from tests.bench.cost.tally import EHR_STATUS, GRAPH
from tests.bench.rows import second_leg
from tests.bench.setting import Setting


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    return Setting(quick=True, folder=tmp_path, node="", peer_python="")


def test_the_counted_visit_is_told_and_settled(tmp_path: Path) -> None:
    story = Story(tmp_path)
    first, second = story.begin(1), story.begin(2)
    story.tally.taken()
    story.finish()
    assert story.settled(first)
    assert story.settled(second)
    costs = []
    for number in (3, 4):
        story.tally.taken()
        story.begin(number)
        story.finish()
        costs.append(story.tally.taken())
    assert costs[0] == costs[1]
    assert (costs[0][EHR_STATUS], costs[0][GRAPH]) == (6, 6)


def test_the_second_leg_with_the_meeting_there_asks_little(setting: Setting) -> None:
    assert [row.what for row in second_leg.measure(setting) if row.ok is not True] == []

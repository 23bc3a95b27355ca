"""Whether published keys are of this stamp, whatever comes back from the address."""

from pathlib import Path
from typing import Any

import pytest

from shared.checklist import _of_one_stamp
from shared.identifiers import Environment
from shared.keys import LocalKeys
from shared.rotation import SIGNING
from tests.support.fakes import START, Clock


def test_while_another_process_does_not_know_the_newest_key_they_are_still_of_one_stamp(tmp_path: Path) -> None:
    clock = Clock()
    keys = LocalKeys(tmp_path, clock)
    before = keys.public_keys(Environment.TEST)
    clock.until(START + SIGNING.age)
    keys.rotate(clock())
    after = keys.public_keys(Environment.TEST)
    assert before != after
    assert _of_one_stamp(before, after)
    assert _of_one_stamp(after, before)
    assert not _of_one_stamp(keys.public_keys(Environment.PRODUCTION), after)


@pytest.mark.parametrize(
    "published", [None, [], "keys", {}, {"keys": None}, {"keys": []}, {"keys": 5}, {"keys": [1, {"alg": "ES384"}]}]
)
def test_what_is_no_key_set_is_none_of_ours(tmp_path: Path, published: Any) -> None:
    assert not _of_one_stamp(published, LocalKeys(tmp_path).public_keys(Environment.TEST))

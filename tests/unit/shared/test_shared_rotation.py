"""When keys follow each other, whatever the times at which they were made."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.rotation import CERTIFICATES, SIGNING, Overlap
from tests.support.fakes import START

overlaps = st.sampled_from([SIGNING, CERTIFICATES])
ages = st.lists(st.timedeltas(timedelta(0), timedelta(days=400)), min_size=1, max_size=6).map(sorted)


@given(overlaps, ages, st.timedeltas(timedelta(0), timedelta(days=500)))
def test_what_is_used_is_never_gone_and_nothing_goes_before_its_time(
    overlap: Overlap, offsets: list[timedelta], later: timedelta
) -> None:
    made = [START + one for one in offsets]
    now = made[-1] + later
    used, gone = overlap.used(made, now), overlap.gone(made, now)
    assert gone <= used
    # What was used at any moment of the time kept is still there.
    for part in range(5):
        assert gone <= overlap.used(made, now - overlap.kept * part / 4)
    if used:
        assert now - made[used] >= overlap.ahead
    assert all(now - at < overlap.ahead for at in made[used + 1 :])


@given(ages, st.timedeltas(timedelta(0), timedelta(days=90)), st.timedeltas(timedelta(0), timedelta(days=90)))
def test_time_only_goes_forward(offsets: list[timedelta], one: timedelta, other: timedelta) -> None:
    made = [START + offset for offset in offsets]
    sooner, later = made[-1] + min(one, other), made[-1] + max(one, other)
    assert SIGNING.used(made, sooner) <= SIGNING.used(made, later)
    assert SIGNING.gone(made, sooner) <= SIGNING.gone(made, later)


def test_the_first_is_used_at_once_and_the_newest_is_replaced_at_its_age() -> None:
    assert SIGNING.used([START], START) == 0
    assert SIGNING.is_old([], START)
    assert not SIGNING.is_old([START], START + SIGNING.age - timedelta(seconds=1))
    assert SIGNING.is_old([START], START + SIGNING.age)

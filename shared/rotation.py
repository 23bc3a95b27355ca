"""When keys are replaced, begin to be used, and go: pure rules over the times at which their versions were made.

JSON Web Key sets are cached by those who read them: Epic keeps one for 29 hours at most (Epic on FHIR, OAuth 2.0
specification), so a new key is published for longer than that before it signs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Overlap:
    """How versions of one key follow each other.

    `age`: when the newest is replaced. `ahead`: how long a new one is known before it is used.
    `kept`: how long one is kept after another took its place.
    """

    age: timedelta
    ahead: timedelta
    kept: timedelta

    def is_old(self, made: Sequence[datetime], now: datetime) -> bool:
        """Whether it is time for another version; `made` has the oldest first."""
        return not made or now - made[-1] >= self.age

    def used(self, made: Sequence[datetime], now: datetime) -> int:
        """Which version is used now: the newest that was known for long enough, or the first of all."""
        return max((i for i, at in enumerate(made) if now - at >= self.ahead), default=0)

    def gone(self, made: Sequence[datetime], now: datetime) -> int:
        """How many of the oldest may go: nothing can refer to them any more."""
        return sum(1 for successor in made[1:] if now - (successor + self.ahead) > self.kept)


SIGNING = Overlap(
    age=timedelta(days=90),
    ahead=timedelta(hours=29)  # Epic's cache of our key set
    + timedelta(minutes=10)  # ours of the list of versions
    + timedelta(minutes=5)  # our key set's own max-age
    + timedelta(minutes=45),  # clocks
    kept=timedelta(minutes=5)  # an assertion's life
    + timedelta(minutes=10)  # another process still signs with it
    + timedelta(hours=23, minutes=45),  # an EHR that looks at a token late
)
"""Signing keys: published for 30 hours before they sign, and for a day after they signed last."""

CERTIFICATES = Overlap(
    age=timedelta(days=90),
    ahead=timedelta(0),
    kept=timedelta(hours=72)  # the longest visit, whose subscription is prolonged with the certificate it began with
    + timedelta(minutes=4230)  # the longest subscription, which may outlive its visit
    + timedelta(hours=4)  # Graph sends for so long what we did not take
    + timedelta(days=7)  # a queue message's life
    + timedelta(hours=76)  # what could not be worked through is tried for so long
    + timedelta(days=30)  # and then kept, to be brought back by hand
    + timedelta(days=7),  # into the queue
)
"""Certificates of notifications: new subscriptions take the new one at once, the others end with theirs."""

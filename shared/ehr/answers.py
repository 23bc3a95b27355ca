"""What an answer means, whatever the kind of EHR: done, try again, or never. The one place for it; pure.

Tried again are connect errors, timeouts, 408, 425, 429, every 5xx, and a page where an answer should be, which is the
maintenance page of something in front of the EHR. A kind may name further statuses of its own. Nothing else.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

from shared.errors import ConnectorError
from shared.http import AnswerTooLargeError, ForbiddenAddressError
from shared.visits.ports import Told

_RETRIED_FAILURES = frozenset({"ehr_unreachable", "ehr_answer_invalid"})
_RETRIED_STATUSES = frozenset({408, 425, 429})
_LONGEST_RETRY_AFTER = timedelta(hours=2)

DELIVERED = Told(delivered=True)
MAINTENANCE = Told(delivered=False, retry=True, reason="200 without JSON", down=True)


class NotToldError(Exception):
    """Telling ends here, and this is how it went."""

    def __init__(self, told: Told) -> None:
        super().__init__(told.reason)
        self.told = told


FAILURES = (
    NotToldError,
    ConnectorError,
    httpx.HTTPError,
    httpx.InvalidURL,
    AnswerTooLargeError,
    ForbiddenAddressError,
)
"""Everything that a call to an EHR raises."""


def given_up(reason: str) -> Told:
    """Another try would not help."""
    return Told(delivered=False, reason=reason)


def of_failure(failed: Exception) -> Told:
    """What one of FAILURES means."""
    match failed:
        case NotToldError():
            return failed.told
        case ConnectorError():
            retried = failed.code in _RETRIED_FAILURES
            return Told(delivered=False, retry=retried, reason=failed.code, down=retried)
        case ForbiddenAddressError():
            return given_up("private address")
        case httpx.InvalidURL():
            return given_up("address invalid")
        case _:
            return Told(delivered=False, retry=True, reason=type(failed).__name__, down=True)


def refused(answer: httpx.Response, now: datetime, *, passing: Collection[int] = ()) -> Told:
    """What an answer that is no success means.

    Args:
        answer: as it came.
        now: the present, for a `Retry-After` that is a date.
        passing: statuses that this kind of EHR says pass by themselves, of one resource and not of the EHR.
    """
    reason = f"HTTP {answer.status_code}"
    if answer.status_code in _RETRIED_STATUSES or answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
        after = retry_after(answer.headers, now)
        return Told(delivered=False, retry=True, retry_after=after, reason=reason, down=True)
    if answer.status_code in passing:
        return Told(delivered=False, retry=True, retry_after=retry_after(answer.headers, now), reason=reason)
    return given_up(reason)


def retry_after(headers: httpx.Headers, now: datetime) -> timedelta | None:
    """RFC 9110 section 10.2.3: seconds or a date; held within bounds."""
    value = headers.get("Retry-After", "").strip()
    if not value:
        return None
    try:
        wait = timedelta(seconds=int(value)) if value.isdigit() else parsedate_to_datetime(value) - now
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wait, timedelta(seconds=1)), _LONGEST_RETRY_AFTER)

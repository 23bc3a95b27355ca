"""The notification door in process, against the npm package that checks webhooks."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.bodies import bodies
from tests.bench.model import Row, Section, at_most, ratios
from tests.bench.rounds import in_turn, ours, webhooks
from tests.bench.setting import Setting

_MOST = 1.5


def measure(setting: Setting) -> Iterator[Row]:
    """One plain notification, from the SDK's request object to its response object."""
    count = setting.choose(20_000, 4_000)
    size = bodies(setting.folder)[0].stat().st_size
    with ours() as connector, webhooks(setting, size) as peer:
        cases = [
            (connector, "door", count),
            (connector, "check", count),
            (peer, "verify", count * 2),
            (peer, "receive", count * 2),
            (peer, "middleware", count * 2),
        ]
        door, check, verify, receive, middleware = in_turn(cases, setting.runs)
    yield Row("the door, all of our own work", "µs", tuple(door), note=f"body of {size} bytes")
    yield Row("of that: JSON, shape, client state", "µs", tuple(check))
    yield Row("`@octokit/webhooks`: `verify`", "µs", tuple(verify))
    yield Row("`@octokit/webhooks`: `verifyAndReceive`", "µs", tuple(receive))
    yield Row("`@octokit/webhooks`: its Node middleware, request to response", "µs", tuple(middleware))
    yield at_most("our checking, as a multiple of `verifyAndReceive`", "times", ratios(check, receive), _MOST)
    yield at_most("the whole door, as a multiple of its whole middleware", "times", ratios(door, middleware), _MOST)
    yield Row("the whole door, as a multiple of `verifyAndReceive` alone", "times", tuple(ratios(door, receive)))


SECTION = Section(
    "door",
    "The door, in process",
    "One plain notification at the registered function of `graph/notifications`: from the SDK's "
    "request to its response, with JSON, shape, client state, sealing for the queue, log record and headers; 500 "
    "visits in turn. `@octokit/webhooks` gets a body of the same size. Processor time of both, on one core, in turn.",
    measure,
)

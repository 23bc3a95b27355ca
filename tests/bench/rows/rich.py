"""A rich notification in the worker, against the bare cryptography that it cannot do without."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.model import Row, Section, at_least, ratios
from tests.bench.rounds import in_turn, ours
from tests.bench.setting import Setting

_LEAST = 0.7


def measure(setting: Setting) -> Iterator[Row]:
    """Validation token, unwrapping, HMAC, decryption, reading; as the inbox does them."""
    count = setting.choose(2_000, 300)
    with ours() as connector:
        rich, bare = in_turn([(connector, "rich", count), (connector, "cryptography", count)], setting.runs)
    yield Row("verified, decrypted and read", "µs", tuple(rich))
    yield Row("bare cryptography", "µs", tuple(bare))
    yield at_least("our rate, of that of the bare cryptography", "", ratios(bare, rich), _LEAST)


SECTION = Section(
    "rich",
    "A rich notification, in the worker",
    "One notification with one validation token and one encrypted item: `vouched_tenants`, `open`, `call_event`. "
    "Beside it the same token, key and data through `cryptography` alone: one RS256 check, one RSA-OAEP unwrap, one "
    "HMAC, one AES decryption, with keys loaded beforehand. Processor time of one process, in turn.",
    measure,
)

"""What the storage clients send with: a session that keeps a connection for each worker that may ask at once."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import requests

KEPT_CONNECTIONS = 64
"""More than the workers of both queues together (host.json: 16 + 8 each) and what HTTP functions ask beside them.

`requests` keeps ten; of any that come back beyond that, each is closed, and the next request pays for another
TLS handshake.
"""


def session() -> "requests.Session":
    """A new session for one client, which closes it with itself. `requests` is what azure-core sends with."""
    import requests  # noqa: PLC0415 - not on the notification path
    from requests.adapters import HTTPAdapter  # noqa: PLC0415

    one = requests.Session()
    # Tries again only as the clients' own retry policies say: an adapter has none unless told otherwise.
    for scheme in ("http://", "https://"):
        one.mount(scheme, HTTPAdapter(pool_maxsize=KEPT_CONNECTIONS))
    return one

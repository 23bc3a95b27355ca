"""One message to a queue, with no more work than that takes: a POST with a signature that is made once an hour.

The client library takes four times as long for it. The real host sends from a process of its own, so that costs the
functions nothing there; here both share one (`python dev.py bench -- azurite`).
"""

from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

import urllib3
from azure.storage.queue import QueueClient, QueueSasPermissions, generate_queue_sas

_LIFETIME = timedelta(hours=1)
_HEADERS = {"Content-Type": "application/xml", "x-ms-version": "2021-12-02"}
_CREATED = 201


class Sender:
    """Sends to one queue, from any thread."""

    def __init__(self, client: QueueClient, connections: int) -> None:
        """`connections` is how many threads may send at once."""
        self._client = client
        self._http = urllib3.PoolManager(maxsize=connections, timeout=10, retries=False)
        self._address = ""
        self._signed_at = datetime.fromtimestamp(0, UTC)

    def send(self, text: str) -> bool:
        """Whether the queue took the message. If not, the client library knows better what to do."""
        key = getattr(self._client.credential, "account_key", None)
        if not key:
            return False
        body = f"<QueueMessage><MessageText>{escape(text)}</MessageText></QueueMessage>"
        try:
            answer = self._http.request("POST", self._signed(str(key)), body=body.encode(), headers=_HEADERS)
        except urllib3.exceptions.HTTPError:
            return False
        return answer.status == _CREATED

    def close(self) -> None:
        """Let go of connections."""
        self._http.clear()

    def _signed(self, key: str) -> str:
        now = datetime.now(UTC)
        if now - self._signed_at > _LIFETIME / 2:
            client, may = self._client, QueueSasPermissions(add=True)
            signature = generate_queue_sas(str(client.account_name), client.queue_name, key, may, now + _LIFETIME)
            self._address, self._signed_at = f"{client.url}/messages?{signature}", now
        return self._address

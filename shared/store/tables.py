r"""Table Storage: the client, keys, and how values become columns.

Table service limits (Azure documentation, "Understanding the Table service data model"): keys of at most
1,024 characters without `/ \\ # ?` and control characters; 100 operations in a transaction.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shared.settings import Settings
from shared.store.sessions import session

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.data.tables import TableServiceClient

CONNECTIONS, HISTORY, CLINICIANS, VISITS, OPEN_VISITS, CIRCUITS, DEPARTURES = TABLES = (
    "Connections",
    "History",
    "Clinicians",
    "Visits",
    "OpenVisits",
    "Circuits",
    "Departures",
)
MAX_OPERATIONS = 100
_FORBIDDEN = re.compile(r"[/\\#?\x00-\x1f\x7f-\x9f]")
_MAX_KEY = 1024

Row = Mapping[str, Any]


def table_service(settings: Settings, credential: "TokenCredential | None") -> "TableServiceClient":
    """The client of this geography's tables. Gives up soon: a person may be waiting."""
    from azure.core.pipeline.policies import RetryPolicy  # noqa: PLC0415 - not on the notification path
    from azure.data.tables import TableServiceClient  # noqa: PLC0415

    retry = RetryPolicy(retry_total=2, retry_backoff_factor=0.2)
    if settings.storage_connection:
        return TableServiceClient.from_connection_string(
            settings.storage_connection, retry_policy=retry, session=session()
        )
    return TableServiceClient(
        endpoint=settings.storage_endpoint("table"),
        credential=credential,
        retry_policy=retry,
        session=session(),
    )


def make_tables(service: "TableServiceClient") -> None:
    """Create the tables that are missing. In Azure the template makes them; this is for local work."""
    for name in TABLES:
        service.create_table_if_not_exists(name)


def checked_key(key: str) -> str:
    """The key, if the service accepts it (Azurite answers 500 to some that Azure refuses). Raises ValueError."""
    if not key or len(key) > _MAX_KEY or _FORBIDDEN.search(key):
        raise ValueError("not a key that Table Storage accepts")
    return key


def time_or_none(row: Row, name: str) -> datetime | None:
    """A column that holds a time, or None."""
    value = row.get(name)
    return datetime.fromisoformat(value) if value else None


def time(row: Row, name: str) -> datetime:
    """A column that must hold a time."""
    return datetime.fromisoformat(row[name])


def prefix_filter(column: str, prefix: str) -> str:
    """An OData filter for values that begin with the prefix. Keys are made by us and hold no quotes."""
    checked_key(prefix)
    if "'" in prefix:
        raise ValueError("a key holds no quotes")
    after = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    return f"{column} ge '{prefix}' and {column} lt '{after}'"


def rows(service: "TableServiceClient", table: str, query: str) -> Iterator[Row]:
    """All rows that match, page after page."""
    yield from service.get_table_client(table).query_entities(query)

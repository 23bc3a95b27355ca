"""What the wiring hands on of a connection's settings."""

from types import SimpleNamespace

import pytest

from shared.connections.model import Connection, ConnectionState, Content
from shared.wiring import Connector
from tests.support.connections import ANALYST, KEY
from tests.support.fakes import START
from tests.support.tokens import settings


@pytest.mark.parametrize("chosen", ["auto", "RS384"])
def test_a_launch_is_signed_as_its_connection_says(chosen: str) -> None:
    content = Content.model_validate(
        {
            "fhir_base_url": "https://ehr.example/api/FHIR/R4",
            "environment": "test",
            "approver": ANALYST,
            "settings": {"signing_algorithm": chosen},
        }
    )
    connection = Connection(KEY, content, ConnectionState.APPROVED, START, approved=content)
    parts = Connector(settings())
    vars(parts)["connection_store"] = SimpleNamespace(read_cached=lambda _: connection)
    assert parts.launch_target(KEY.connection).algorithm == chosen

"""The pulse as the table keeps it."""

from datetime import timedelta

from azure.data.tables import TableServiceClient

from shared.identifiers import Geography
from shared.store.circuits import TableCircuits
from shared.store.pulse import TablePulse
from shared.visits.pulse import Pulse
from tests.contract.store.visits import START


def test_what_is_written_is_read_and_is_no_circuit(tables: TableServiceClient) -> None:
    store, elsewhere = TablePulse(tables, Geography.EMEA), TablePulse(tables, Geography.APAC)
    assert elsewhere.read() is None
    store.write(Pulse(START, START - timedelta(hours=1)))
    assert store.read() == Pulse(START, START - timedelta(hours=1))
    store.write(Pulse(START))
    assert store.read() == Pulse(START)
    assert elsewhere.read() is None
    circuits = TableCircuits(tables, Geography.EMEA).all()
    assert all("pulse" not in key.tenant.tenant for key, _ in circuits)

"""The pulse in Table Storage: one row for the geography, beside the circuits."""

from typing import TYPE_CHECKING

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import UpdateMode

from shared.identifiers import Geography
from shared.store.tables import CIRCUITS, time, time_or_none
from shared.stored import columns
from shared.visits.pulse import Pulse

if TYPE_CHECKING:
    from azure.data.tables import TableServiceClient

_ROW = "pulse"


class TablePulse:
    """The real PulseStore."""

    def __init__(self, service: "TableServiceClient", geography: Geography) -> None:
        self._table = service.get_table_client(CIRCUITS)
        self._partition = f"{geography.value}|{_ROW}"

    def read(self) -> Pulse | None:
        """The pulse, or None before the first beat."""
        try:
            row = self._table.get_entity(self._partition, _ROW)
        except ResourceNotFoundError:
            return None
        return Pulse(time(row, "last"), time_or_none(row, "back"))

    def write(self, pulse: Pulse) -> None:
        """Keep it."""
        values = columns("Circuits.pulse", {"last": pulse.last, "back": pulse.back})
        row = {"PartitionKey": self._partition, "RowKey": _ROW, **values}
        self._table.upsert_entity(row, mode=UpdateMode.REPLACE)

"""Circuits of EHRs that do not answer, in Table Storage: one row for each, and none for an EHR that is well."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import UpdateMode

from shared.identifiers import ConnectionKey, Geography, connection_key
from shared.store.tables import CIRCUITS, Row, prefix_filter, rows, time, time_or_none
from shared.stored import columns
from shared.visits.circuit import Circuit
from shared.visits.ports import ConflictError

if TYPE_CHECKING:
    from azure.data.tables import TableServiceClient


class TableCircuits:
    """The real CircuitStore."""

    def __init__(self, service: "TableServiceClient", geography: Geography) -> None:
        self._service = service
        self._table = service.get_table_client(CIRCUITS)
        self._geography = geography

    def read(self, connection: ConnectionKey) -> Circuit | None:
        """The circuit, or None."""
        try:
            row = self._table.get_entity(connection.tenant.partition, connection.connection)
        except ResourceNotFoundError:
            return None
        return _circuit(row, str(row.metadata["etag"]))

    def save(self, connection: ConnectionKey, circuit: Circuit) -> Circuit:
        """Store it if nobody wrote since its version was read (empty: if there is none). Raises ConflictError."""
        row = {
            "PartitionKey": connection.tenant.partition,
            "RowKey": connection.connection,
            **columns(
                "Circuits.circuit",
                {
                    "opened": circuit.opened,
                    "probe_at": circuit.probe_at,
                    "probes": circuit.probes,
                    "closed": circuit.closed,
                },
            ),
        }
        try:
            if not circuit.version:
                answer = self._table.create_entity(row)
            else:
                answer = self._table.update_entity(
                    row,
                    mode=UpdateMode.REPLACE,
                    etag=circuit.version,
                    match_condition=MatchConditions.IfNotModified,
                )
        except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError) as changed:
            raise ConflictError from changed
        return replace(circuit, version=str(answer["etag"]))

    def forget(self, connection: ConnectionKey, circuit: Circuit) -> None:
        """Delete it, if nobody wrote since. Raises ConflictError."""
        try:
            self._table.delete_entity(
                connection.tenant.partition,
                connection.connection,
                etag=circuit.version,
                match_condition=MatchConditions.IfNotModified,
            )
        except ResourceModifiedError as changed:
            raise ConflictError from changed

    def all(self) -> Sequence[tuple[ConnectionKey, Circuit]]:
        """Every circuit of this geography."""
        found: list[tuple[ConnectionKey, Circuit]] = []
        for row in rows(self._service, CIRCUITS, prefix_filter("PartitionKey", f"{self._geography.value}|")):
            key = connection_key(self._geography, row["RowKey"])
            if key:
                found.append((key, _circuit(row, str(row.metadata["etag"]))))  # type: ignore[attr-defined]
        return found


def _circuit(row: Row, version: str) -> Circuit:
    return Circuit(
        opened=time(row, "opened"),
        probe_at=time(row, "probe_at"),
        probes=row["probes"],
        closed=time_or_none(row, "closed"),
        version=version,
    )

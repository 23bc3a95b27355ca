"""The one-time links between EHR users and Entra users: two rows each, to be found from either side."""

import json
from typing import TYPE_CHECKING

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import UpdateMode

from shared.identifiers import ConnectionKey
from shared.sealing import Sealer
from shared.store.tables import CLINICIANS
from shared.stored import columns
from shared.visits.ports import EhrUser

if TYPE_CHECKING:
    from azure.data.tables import TableServiceClient

SEALED_AS = "clinician"


class TableClinicians:
    """The real ClinicianStore. The EHR user's id is sealed; rows are found by its keyed hash."""

    def __init__(self, service: "TableServiceClient", sealer: Sealer) -> None:
        self._table = service.get_table_client(CLINICIANS)
        self._sealer = sealer

    def object_id(self, connection: ConnectionKey, ehr_user: str) -> str | None:
        """The Entra object id that an EHR user signed in with."""
        try:
            row = self._table.get_entity(connection.partition, self._ehr_row(connection, ehr_user))
        except ResourceNotFoundError:
            return None
        return str(row["object_id"])

    def ehr_user(self, connection: ConnectionKey, object_id: str) -> EhrUser | None:
        """The EHR user that an Entra user is."""
        try:
            row = self._table.get_entity(connection.partition, f"entra:{object_id}")
        except ResourceNotFoundError:
            return None
        return EhrUser(*json.loads(self._sealer.open(SEALED_AS, row["ehr_user"])))

    def link(self, connection: ConnectionKey, ehr_user: EhrUser, object_id: str) -> None:
        """Keep the link; both rows in one transaction."""
        partition = connection.partition
        sealed = self._sealer.seal(SEALED_AS, json.dumps((ehr_user.external_id, ehr_user.external_id_type)))
        ehr_row = {
            "PartitionKey": partition,
            "RowKey": self._ehr_row(connection, ehr_user.external_id),
            **columns("Clinicians.ehr", {"object_id": object_id}),
        }
        entra_row = {"PartitionKey": partition, "RowKey": f"entra:{object_id}"}
        entra_row |= columns("Clinicians.entra", {"ehr_user": sealed})
        mode = {"mode": UpdateMode.REPLACE}
        self._table.submit_transaction([("upsert", ehr_row, mode), ("upsert", entra_row, mode)])

    def _ehr_row(self, connection: ConnectionKey, ehr_user: str) -> str:
        return f"ehr:{self._sealer.keyed_hash('clinician row', connection.connection, ehr_user)}"

"""The whole sandbox as processes of the tests' own: started once, reset between tests, looked into from outside."""

import base64
import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
from azure.core import MatchConditions
from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import TableEntity, TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from sandbox.demo.world import CAST, World
from sandbox.dev.ports import Ports
from sandbox.dev.settings import moved, read_values
from tests.support.processes import REPOSITORY, Process, free_port, node_stand_in, python_stand_in

SAMPLE = REPOSITORY / "local.settings.sample.json"
WORKERS = ("work_notifications", "deliver_writebacks", "park_notifications", "park_writebacks")
Rows = dict[str, dict[str, dict[str, Any]]]


class Sandbox(World):
    """Azurite, hospital, Microsoft and the functions on ports of their own."""

    def __init__(self, storage: str, folder: Path) -> None:
        self.storage = storage
        self.log_file = folder / "functions.log"
        self.key_directory = folder / "keys"
        self._ports = Ports(functions=free_port(), hospital=free_port(), microsoft=free_port())
        super().__init__(
            f"http://localhost:{self._ports.functions}",
            f"http://localhost:{self._ports.hospital}",
            f"http://localhost:{self._ports.microsoft}",
        )
        self._tables = TableServiceClient.from_connection_string(storage)
        self._queues = QueueServiceClient.from_connection_string(storage)
        self._blobs = BlobServiceClient.from_connection_string(storage)
        self.lease: float | None = None
        """How long a message stays away when the functions are killed over it; ten minutes if not said."""
        self._functions: Process | None = None
        self._stand_ins: list[Process] = []

    @property
    def settings(self) -> dict[str, str]:
        """The sample's settings, moved to where everything is here."""
        values = moved(read_values(SAMPLE), self._ports)
        own = {"STORAGE_CONNECTION": self.storage, "AzureWebJobsStorage": self.storage}
        return {**values, **own, "LOCAL_KEY_DIRECTORY": str(self.key_directory)}

    def start(self) -> None:
        """Everything; the three side by side would be no faster on two cores."""
        self.start_stand_ins()
        self.start_functions()

    def start_stand_ins(self) -> None:
        """Hospital and Microsoft."""
        where = {"CONNECTOR_URL": self.connector, "HOSPITAL_URL": self.hospital, "MICROSOFT_URL": self.microsoft}
        for name, port in (("hospital", self._ports.hospital), ("microsoft", self._ports.microsoft)):
            self._stand_ins.append(node_stand_in(name, environment=where, port=port, seconds=50))

    def start_functions(self, **more: str) -> None:
        """The functions, with other settings on top if wanted; timers run only when a test says so."""
        arguments = ["--port", str(self._ports.functions), "--settings", str(SAMPLE), "--no-timers"]
        arguments += ["--lease", str(self.lease)] if self.lease else []
        self._functions = python_stand_in(
            "sandbox.host",
            *arguments,
            *("--log-file", str(self.log_file)),
            environment={**self.settings, **more},
            seconds=50,
        )
        # Tables and queues are made when first needed: that is no part of what tests measure.
        self.http.get(f"{self.connector}/api/health").raise_for_status()

    def stop_functions(self) -> None:
        """The functions end gently."""
        if self._functions:
            self._functions.stop()

    @contextlib.contextmanager
    def workers_asleep(self) -> Iterator[None]:
        """The doors are open, and nobody works off the queues: what lies there stays to be read."""
        self.stop_functions()
        self.start_functions(**{f"AzureWebJobs.{name}.Disabled": "1" for name in WORKERS})
        try:
            yield
        finally:
            self.stop_functions()
            self.start_functions()

    def kill_functions(self) -> None:
        """The functions are gone from one instant to the next, as in a crash."""
        if self._functions:
            os.kill(self._functions.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
            self._functions.stop()

    def stop(self) -> None:
        """Everything."""
        self.stop_functions()
        for one in self._stand_ins:
            one.stop()
        for client in (self.http, self._tables, self._queues, self._blobs):
            client.close()

    def reset(self) -> None:
        """Nobody has ever been here: storage empty, stand-ins at their start."""
        for table, rows in self.tables().items():
            client = self._tables.get_table_client(table)
            for row in rows.values():
                with contextlib.suppress(ResourceNotFoundError):
                    client.delete_entity(row["PartitionKey"], row["RowKey"])
        for queue in self._queues.list_queues():
            self._queues.get_queue_client(queue.name).clear_messages()
        for container in self._blobs.list_containers():
            blobs = self._blobs.get_container_client(container)
            for blob in blobs.list_blob_names():
                with contextlib.suppress(ResourceNotFoundError):
                    blobs.delete_blob(blob)
        for origin in (self.hospital, self.microsoft):
            self.http.post(f"{origin}/control/reset").raise_for_status()

    def tables(self) -> Rows:
        """Every row of every table, all columns: by table, then by partition and row."""
        return {
            table.name: {
                f"{row['PartitionKey']} {row['RowKey']}": dict(row)
                for row in self._tables.get_table_client(table.name).list_entities()
            }
            for table in self._tables.list_tables()
        }

    def run_timer_through(self, function: str, patience: float) -> None:
        """Run a timer function now, until it is done: started again before that, it would only get in its own way."""
        with self.logged() as logged:
            self.run_timer(function)
            self.until(f"{function} to end", lambda: f" {function} (timer) " in logged(), patience)

    def rows(self, table: str) -> Iterator[TableEntity]:
        """Every row of a table, with what `change_if_same` needs."""
        return iter(self._tables.get_table_client(table).list_entities())

    def change_if_same(self, table: str, row: TableEntity, **columns: Any) -> None:
        """As `change_row`, but not if somebody has written to the row since it was read."""
        changed = {"PartitionKey": row["PartitionKey"], "RowKey": row["RowKey"], **columns}
        with contextlib.suppress(ResourceModifiedError, ResourceNotFoundError):
            self._tables.get_table_client(table).update_entity(
                changed, etag=row.metadata["etag"], match_condition=MatchConditions.IfNotModified
            )

    def change_row(self, table: str, partition: str, row: str, **columns: Any) -> None:
        """Columns as somebody with access to the storage would set them; for letting time pass."""
        self._tables.get_table_client(table).update_entity({"PartitionKey": partition, "RowKey": row, **columns})

    def queues(self) -> dict[str, list[str]]:
        """What is visible on every queue, decoded."""
        found: dict[str, list[str]] = {}
        for queue in self._queues.list_queues():
            messages = self._queues.get_queue_client(queue.name).peek_messages(max_messages=32)
            found[queue.name] = [base64.b64decode(message.content).decode() for message in messages]
        return found

    def waiting_messages(self) -> int:
        """How many messages are on the queues, those that are worked on or not yet due included."""
        names = [queue.name for queue in self._queues.list_queues()]
        counts = (self._queues.get_queue_client(name).get_queue_properties() for name in names)
        return sum(int(one.approximate_message_count or 0) for one in counts)

    def blobs(self) -> dict[str, bytes]:
        """Every blob with its content, by container and name."""
        return {
            f"{container.name}/{blob.name}": self._blobs.get_blob_client(container, blob.name).download_blob().readall()
            for container in self._blobs.list_containers()
            for blob in self._blobs.get_container_client(container).list_blobs()
        }

    def log(self) -> str:
        """What the functions have written since they were first started."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    @contextlib.contextmanager
    def logged(self) -> Iterator[Callable[[], str]]:
        """Gives what is logged from here on."""
        before = len(self.log())
        yield lambda: self.log()[before:]

    def faults(self, origin: str, *rules: Mapping[str, Any], seed: int = 1) -> None:
        """A stand-in misbehaves from now on."""
        body = {"seed": seed, "rules": [{"name": f"rule {number}", **rule} for number, rule in enumerate(rules)]}
        self._post(f"{origin}/control/faults", body)

    def rules(self, origin: str) -> list[dict[str, Any]]:
        """How a stand-in misbehaves, and how often it has."""
        return list(self.http.get(f"{origin}/control/faults").raise_for_status().json()["rules"])

    def no_faults(self) -> None:
        """All stand-ins behave again."""
        for origin in (self.hospital, self.microsoft):
            self.http.delete(f"{origin}/control/faults").raise_for_status()

    def deliveries(self) -> list[dict[str, Any]]:
        """Every notification that Graph sent or tried to send."""
        answer = self.http.get(f"{self.microsoft}/control/notifications")
        return list(answer.raise_for_status().json()["deliveries"])

    def control(self, origin: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Order something of a stand-in."""
        return self._post(f"{origin}/control/{path}", body)

    def api_as(self, tenant: str, user: str, method: str, path: str, body: object = None) -> httpx.Response:
        """Call our API as a user of any tenant and take whatever comes."""
        headers = {"Authorization": f"Bearer {self.token(user, tenant)}"}
        return self.http.request(method, f"{self.connector}/api{path}", json=body, headers=headers)

    def quiet(self, seconds: float = 25) -> None:
        """Wait until nothing is under way: Graph has delivered, and no message waits."""
        self.control(self.microsoft, "notifications/wait", {})
        self.until("empty queues", lambda: self.waiting_messages() == 0, seconds)


def oid(user: str) -> str:
    """The Entra object id of a user of the cast."""
    return next(str(one["oid"]) for tenant in CAST["tenants"] for one in tenant["users"] if one["key"] == user)


def seconds_until(look: Callable[[], object], patience: float) -> float:
    """How long it takes until there is something; `patience` and more if there is nothing."""
    began = time.monotonic()
    while time.monotonic() - began < patience and not look():
        time.sleep(0.02)
    return time.monotonic() - began

"""Everything made once per process, each part when first needed, from the settings. Nothing else makes parts."""

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from shared.clock import Clock, utc_now
from shared.errors import ConnectorError
from shared.identifiers import ConnectionKey, Role, TenantKey, connection_key
from shared.microsoft.door import accept, packed
from shared.sealing import Sealer
from shared.settings import Settings

if TYPE_CHECKING:
    import httpx
    from azure.data.tables import TableServiceClient

    from shared.backlog import Backlog
    from shared.batches import Batches
    from shared.checklist import Checklist
    from shared.connections.model import Branding
    from shared.connections.service import Connections
    from shared.ehr.discovery import Discovery
    from shared.ehr.kinds import Kinds
    from shared.ehr.smart import SmartEhr
    from shared.ehr_secrets import Secrets
    from shared.identity import ManagedIdentity
    from shared.inbox import Inbox
    from shared.keys import Keys
    from shared.leaving import Leaving
    from shared.microsoft.consent import Consents
    from shared.microsoft.entra import Entra
    from shared.microsoft.graph import Graph
    from shared.microsoft.meetings import GraphMeetings
    from shared.parking import Parking
    from shared.presence.model import Source
    from shared.store.blobs import Blobs
    from shared.store.circuits import TableCircuits
    from shared.store.clinicians import TableClinicians
    from shared.store.connections import TableConnections
    from shared.store.queues import QueuePointers, QueueTexts
    from shared.store.visits import TableVisits
    from shared.vault import Vault
    from shared.visits.attendance import Attendance
    from shared.visits.breaker import Breaker
    from shared.visits.desk import Desk
    from shared.visits.launch import LaunchTarget
    from shared.visits.outbox import Outbox
    from shared.visits.reception import Reception
    from shared.visits.reconcile import Reconcile
    from shared.visits.rounds import Rounds
    from shared.visits.schedule import Schedule
    from shared.visits.subscriptions import Subscriptions
    from shared.visits.upkeep import Upkeep

# Parts are imported where they are made, so that no function pays for what it does not use.
# ruff: noqa: PLC0415


class TakenIn(NamedTuple):
    """What a notification request leaves: a queue message, how many items, and what must be kept before it."""

    message: str
    items: int
    keep: Callable[[], None] | None = None


class Connector:
    """The connector's parts."""

    def __init__(self, settings: Settings, now: Clock = utc_now) -> None:
        self.settings = settings
        self.now = now

    @cached_property
    def keys(self) -> "Keys":
        """The stamp's keys."""
        if self.settings.key_vault_url is not None:
            return self._vault_keys(str(self.settings.key_vault_url))
        if self.settings.local_key_directory is None:
            raise ValueError("neither KEY_VAULT_URL nor LOCAL_KEY_DIRECTORY is set")
        from shared.keys import LocalKeys

        return LocalKeys(self.settings.local_key_directory, self.now)

    def _vault_keys(self, url: str) -> "Keys":
        from shared.store.wrapped_key import BlobWrappedKey
        from shared.vault_keys import VaultKeys

        endpoint = self.settings.storage_endpoint("blob")
        wrapped = BlobWrappedKey(self.microsoft_http, self.identity.token, endpoint, self.now)
        return VaultKeys(self._vault(url), wrapped, self.now, time.sleep)

    def _vault(self, url: str) -> "Vault":
        from shared.vault import Vault

        return Vault(self.microsoft_http, self.identity.token, url, time.sleep)

    @cached_property
    def identity(self) -> "ManagedIdentity":
        """The managed identity."""
        from shared.identity import ManagedIdentity

        return ManagedIdentity(self.microsoft_http, self.settings.managed_identity_client_id, self.now)

    @property
    def _credential(self) -> "ManagedIdentity | None":
        """What storage is reached with; Azurite's connection string brings its own."""
        return None if self.settings.storage_connection else self.identity

    @cached_property
    def secrets(self) -> "Secrets":
        """Passwords that EHRs gave us."""
        if self.settings.key_vault_url is not None:
            from shared.vault_secrets import VaultSecrets

            return VaultSecrets(self._vault(str(self.settings.key_vault_url)), self.now)
        if self.settings.local_key_directory is None:
            raise ValueError("neither KEY_VAULT_URL nor LOCAL_KEY_DIRECTORY is set")
        from shared.ehr_secrets import FileSecrets

        return FileSecrets(self.settings.local_key_directory)

    @cached_property
    def sealer(self) -> Sealer:
        """Sealing and keyed hashes with the geography's data key."""
        return Sealer(self.keys.data_key)

    @cached_property
    def microsoft_http(self) -> "httpx.Client":
        """The client for Microsoft's endpoints."""
        from shared.http import client

        return client()

    @cached_property
    def ehr_http(self) -> "httpx.Client":
        """The client for endpoints that customers name."""
        from shared.http import guarded_client

        return guarded_client(allow_loopback=self.settings.allow_loopback_ehr)

    @cached_property
    def tables(self) -> "TableServiceClient":
        """The geography's tables; made if missing where the connection is Azurite's."""
        from shared.store.tables import make_tables, table_service

        service = table_service(self.settings, self._credential)
        if self.settings.storage_connection:
            make_tables(service)
        return service

    @cached_property
    def connection_store(self) -> "TableConnections":
        """Connections in storage."""
        from shared.store.connections import TableConnections

        return TableConnections(self.tables)

    @cached_property
    def visit_store(self) -> "TableVisits":
        """Visits in storage."""
        from shared.store.visits import TableVisits

        return TableVisits(self.tables, self.sealer, self.settings.geography)

    @cached_property
    def circuit_store(self) -> "TableCircuits":
        """Circuits of EHRs that do not answer, in storage."""
        from shared.store.circuits import TableCircuits

        return TableCircuits(self.tables, self.settings.geography)

    @cached_property
    def breaker(self) -> "Breaker":
        """What keeps one dead EHR from slowing others."""
        from shared.visits.breaker import Breaker

        return Breaker(self.circuit_store, self.now)

    @cached_property
    def clinician_store(self) -> "TableClinicians":
        """Links of clinicians in storage."""
        from shared.store.clinicians import TableClinicians

        return TableClinicians(self.tables, self.sealer)

    @cached_property
    def pointers(self) -> "QueuePointers":
        """The queue of writebacks."""
        from shared.store.queues import WRITEBACKS, QueuePointers, make_queues, queue_client

        if self.settings.storage_connection:
            make_queues(self.settings)
        client = queue_client(self.settings, WRITEBACKS, self._credential)
        return QueuePointers(client)

    @cached_property
    def large_notifications(self) -> "Blobs":
        """Batches of notifications that are too large for a queue message."""
        from shared.store.blobs import LARGE_NOTIFICATIONS

        return self._blobs(LARGE_NOTIFICATIONS)

    def _blobs(self, container: str) -> "Blobs":
        from shared.store.blobs import Blobs, container_client, make_container

        client = container_client(self.settings, container, self._credential)
        if self.settings.storage_connection:
            make_container(client)
        return Blobs(client)

    @cached_property
    def batches(self) -> "Batches":
        """Batches of notifications between door and worker."""
        from shared.batches import Batches

        return Batches(
            self.sealer,
            self.settings.geography,
            lambda: self.large_notifications,
            lambda: self.notification_queue,
        )

    @cached_property
    def notification_queue(self) -> "QueueTexts":
        """The queue of notifications, for what goes back there."""
        from shared.store.queues import NOTIFICATIONS, QueueTexts, make_queues, queue_client

        if self.settings.storage_connection:
            make_queues(self.settings)
        return QueueTexts(queue_client(self.settings, NOTIFICATIONS, self._credential))

    @cached_property
    def parked_notifications(self) -> "Blobs":
        """Batches of notifications that could not be worked through."""
        from shared.store.blobs import PARKED_NOTIFICATIONS

        return self._blobs(PARKED_NOTIFICATIONS)

    @cached_property
    def parking(self) -> "Parking":
        """What failed at every try."""
        from shared.parking import Parking

        return Parking(lambda: self.inbox, self.batches, lambda: self.parked_notifications, self.now)

    @cached_property
    def leaving(self) -> "Leaving":
        """Tenants that take their data along, and leave."""
        from shared.leaving import Leaving
        from shared.store.tenants import TableDepartures, TableTenants

        geography = self.settings.geography
        return Leaving(
            tenants=TableTenants(self.tables, self.sealer),
            departures=TableDepartures(self.tables, geography),
            meetings=self.meetings,
            batches=self.batches,
            containers=lambda: iter((self.large_notifications, self.parked_notifications)),
            named=tuple(TenantKey(geography, one) for one in self.settings.departed_tenants.split()),
            now=self.now,
        )

    @cached_property
    def backlog(self) -> "Backlog":
        """How much lies where nothing should lie for long."""
        from shared.backlog import Backlog
        from shared.store.queues import POISON, queue_client

        queues = {name: queue_client(self.settings, name, self._credential) for name in POISON}
        return Backlog(queues, lambda: self.parked_notifications, self.now)

    @cached_property
    def entra(self) -> "Entra":
        """Entra."""
        from shared.microsoft.entra import Entra

        return Entra(self.microsoft_http, self.identity.token, self.settings, self.now)

    @cached_property
    def graph(self) -> "Graph":
        """Requests to Microsoft Graph."""
        from shared.microsoft.graph import Graph

        return Graph(self.microsoft_http, self.entra.graph_token, time.sleep)

    @cached_property
    def consents(self) -> "Consents":
        """An administrator's consent."""
        from shared.microsoft.consent import Consents

        redirect_uri = self.settings.public_url("/api/consent/callback")
        return Consents(self.entra, self.sealer, self.settings.geography, self.now, redirect_uri)

    @cached_property
    def meetings(self) -> "GraphMeetings":
        """Teams meetings and the tenant's users."""
        from shared.microsoft.door import client_state
        from shared.microsoft.meetings import GraphMeetings

        return GraphMeetings(self.graph, self.keys, self.settings, lambda key: client_state(self.sealer, key), self.now)

    @cached_property
    def discovery(self) -> "Discovery":
        """What EHRs say of themselves."""
        from shared.ehr.discovery import Discovery

        return Discovery(self.ehr_http, self.settings, self.now)

    @cached_property
    def smart(self) -> "SmartEhr":
        """Signing in at EHRs."""
        from shared.ehr.smart import SmartEhr

        return SmartEhr(self.ehr_http, self.discovery, self.keys, self.settings, self.now)

    @cached_property
    def teller(self) -> "Kinds":
        """Telling EHRs of transitions, each in the way of its kind."""
        from shared.connections.telling import EhrKind
        from shared.connections.webhook_secrets import WebhookSecrets
        from shared.ehr.backend import Backend
        from shared.ehr.basic import BasicCalls
        from shared.ehr.epic import EpicStatus
        from shared.ehr.fhir import FhirTeller
        from shared.ehr.kinds import Kind, Kinds
        from shared.ehr.oracle import OracleTeller
        from shared.ehr.webhook import WebhookTeller

        backend = Backend(self.ehr_http, self.smart, self.now)
        kinds: dict[EhrKind, Kind] = {
            EhrKind.EPIC: EpicStatus(backend, BasicCalls(self.ehr_http, self.secrets, self.settings), self.now),
            EhrKind.FHIR: FhirTeller(backend, self.now),
            EhrKind.ORACLE: OracleTeller(backend, self.now),
            EhrKind.WEBHOOK: WebhookTeller(self.ehr_http, WebhookSecrets(self.sealer), self.now),
        }
        return Kinds(self.connection_store.read_cached, kinds)

    @cached_property
    def connections(self) -> "Connections":
        """What administrators and approvers do."""
        from shared.connections.doctor import Doctor
        from shared.connections.service import Connections

        return Connections(
            store=self.connection_store,
            directory=self.meetings,
            doctor=Doctor(self.discovery, self.settings.allow_loopback_ehr),
            ehr=self.smart,
            sealer=self.sealer,
            now=self.now,
            redirect_uri=self.settings.public_url("/api/ehr-sign-in/callback"),
        )

    @cached_property
    def attendance(self) -> "Attendance":
        """From call events to writebacks."""
        from shared.visits.attendance import Attendance

        return Attendance(
            visits=self.visit_store,
            clinicians=self.clinician_store,
            teller=self.teller,
            pointers=self.pointers,
            sealer=self.sealer,
            now=self.now,
            debounce=timedelta(seconds=self.settings.rejoin_debounce_seconds),
        )

    @cached_property
    def desk(self) -> "Desk":
        """Launches."""
        from shared.visits.desk import Desk
        from shared.visits.meeting import MeetingRoom

        lifetime = timedelta(hours=self.settings.visit_hours)
        return Desk(
            ehr=self.smart,
            sign_in=self.entra,
            visits=self.visit_store,
            clinicians=self.clinician_store,
            room=MeetingRoom(
                visits=self.visit_store,
                meetings=self.meetings,
                sealer=self.sealer,
                now=self.now,
                sleep=time.sleep,
                meeting_lifetime=lifetime,
                attendance=self.attendance,
                subscriptions=self.subscriptions,
            ),
            attendance=self.attendance,
            sealer=self.sealer,
            now=self.now,
            reception=self.reception,
            launch_redirect=self.settings.public_url("/api/launch/callback"),
            sign_in_redirect=self.settings.public_url("/api/sign-in/callback"),
            visit_lifetime=lifetime,
        )

    @cached_property
    def reception(self) -> "Reception":
        """What ticket holders see and do."""
        from shared.visits.reception import Reception

        lifetime = timedelta(hours=self.settings.visit_hours)
        return Reception(self.visit_store, self.sealer, self.now, self.settings.geography, lifetime)

    @cached_property
    def outbox(self) -> "Outbox":
        """Delivering writebacks."""
        from shared.visits.outbox import Outbox

        return Outbox(self.visit_store, self.teller, self.attendance, self.pointers, self.now, time.sleep, self.breaker)

    @cached_property
    def subscriptions(self) -> "Subscriptions":
        """Subscriptions to call events."""
        from shared.visits.subscriptions import Subscriptions

        return Subscriptions(self.visit_store, self.meetings, self.now)

    @cached_property
    def rounds(self) -> "Rounds":
        """Timers' rounds over visits."""
        from shared.visits.rounds import Rounds

        return Rounds(self.visit_store, self.now)

    @cached_property
    def upkeep(self) -> "Upkeep":
        """What timers do."""
        from shared.store.pulse import TablePulse
        from shared.visits.upkeep import Upkeep

        return Upkeep(
            visits=self.visit_store,
            rounds=self.rounds,
            subscriptions=self.subscriptions,
            attendance=self.attendance,
            now=self.now,
            visit_lifetime=timedelta(hours=self.settings.visit_hours),
            quiet=timedelta(minutes=self.settings.quiet_minutes),
            circuits=self.circuit_store,
            schedule=self.schedule,
            pulses=TablePulse(self.tables, self.settings.geography),
        )

    @cached_property
    def schedule(self) -> "Schedule":
        """When reports after a call are asked for."""
        from shared.visits.schedule import Schedule

        return Schedule(
            first=timedelta(minutes=self.settings.reconcile_after_minutes),
            debounce=timedelta(seconds=self.settings.rejoin_debounce_seconds),
            sources=self._report_sources,
        )

    def _report_sources(self, key: ConnectionKey) -> "frozenset[Source]":
        from shared.presence.model import Source

        connection = self.connection_store.read_cached(key)
        if connection is None or connection.approved is None:
            return frozenset()
        allowed = connection.approved.settings.reconcile
        sources = {Source.ATTENDANCE_REPORT: allowed.attendance_reports, Source.CALL_RECORD: allowed.call_records}
        return frozenset(source for source, is_allowed in sources.items() if is_allowed)

    @cached_property
    def reconcile(self) -> "Reconcile":
        """Adding after a call what no event told."""
        from shared.microsoft.reports import GraphReports
        from shared.visits.reconcile import Reconcile

        reports = GraphReports(self.graph, self.settings)
        return Reconcile(self.visit_store, self.rounds, reports, self.attendance, self.schedule, self.now)

    @cached_property
    def inbox(self) -> "Inbox":
        """Working through notifications."""
        from shared.inbox import Inbox
        from shared.microsoft.notifications import Notifications

        notifications = Notifications(self.keys, self.entra.keys, self.settings)
        return Inbox(notifications, self.attendance, self.upkeep, self.batches)

    @cached_property
    def checklist(self) -> "Checklist":
        """The test launch."""
        from shared.checklist import Checklist

        return Checklist(
            doctor=self.connections.doctor,
            smart=self.smart,
            teller=self.teller,
            entra=self.entra,
            meetings=self.meetings,
            keys=self.keys,
            http=self.microsoft_http,
            settings=self.settings,
        )

    def take_in(self, body: Mapping[str, Any]) -> TakenIn:
        """What a notification request leaves for the queue: one sealed message.

        Raises:
            ConnectorError: body_invalid, client_state_unknown.
        """
        batch = accept(self.sealer, self.settings.geography, body, self.now().isoformat())
        one = packed(self.sealer, batch)
        keep = (lambda: self.large_notifications.write(one.blob, one.content)) if one.blob else None
        return TakenIn(one.message, len(batch.items), keep)

    def deliver(self, message: str) -> bool:
        """Do what a message of the writeback queue says. False if it says nothing that we ever wrote."""
        from shared.store.queues import pointer_from_text

        pointer = pointer_from_text(self.settings.geography, message)
        if pointer is not None:
            self.outbox.deliver(pointer)
        return pointer is not None

    def branding(self, connection_id: str) -> "Branding | None":
        """What patients see of the clinic, if the connection is approved."""
        key = self.key_of(connection_id)
        connection = self.connection_store.read_cached(key) if key else None
        return connection.approved.settings.branding if connection and connection.approved else None

    def key_of(self, connection_id: str) -> ConnectionKey | None:
        """The connection that an id names, in this stamp's geography."""
        return connection_key(self.settings.geography, connection_id)

    def launch_at_hand(self, connection_id: str, iss: str) -> bool:
        """Whether a launch can begin without asking anybody: no storage, no EHR, no vault, no part to be made.

        Args:
            connection_id: from the launch URL.
            iss: the base URL that launches. From another one it is looked for, so that is not at hand.
        """
        from shared.visits.launch import same_base_url

        key = self.key_of(connection_id) if "desk" in vars(self) else None
        connection = self.connection_store.at_hand(key) if key else None
        content = connection.approved if connection else None
        return (
            content is not None
            and same_base_url(iss, content.fhir_base_url)
            and self.discovery.is_at_hand(content.fhir_base_url, content.environment)
        )

    def launch_target(self, connection_id: str) -> "LaunchTarget":
        """The approved connection that a launch is for.

        Raises:
            ConnectorError: connection_unknown, connection_not_approved, connection_suspended.
        """
        from shared.connections.lifecycle import launchable
        from shared.connections.telling import WITHOUT_CONTEXT_TOKEN
        from shared.visits.launch import FHIR_USER_TYPES, LaunchTarget

        key = self.key_of(connection_id)
        if key is None:
            raise ConnectorError("connection_unknown")
        content = launchable(self.connection_store.read_cached(key))
        names, values = content.settings.context, content.settings.mnemonics
        own_types = {Role.PROVIDER: values.provider_id_type, Role.PATIENT: values.patient_id_type}
        fhir_users = content.ehr_kind in WITHOUT_CONTEXT_TOKEN
        return LaunchTarget(
            key=key,
            base_url=content.fhir_base_url,
            environment=content.environment,
            session_field=names.session_id,
            user_field=names.user_id,
            user_type_field=names.user_id_type,
            department_field=names.department,
            group_field=names.visit,
            default_user_types=FHIR_USER_TYPES if fhir_users else own_types,
            organizer=content.settings.organizer_object_id or "",
            subject=content.settings.meeting_subject,
            board_first=content.settings.provider_landing == "board",
            algorithm=content.settings.signing_algorithm,
            fhir_users=fhir_users,
        )


@lru_cache(maxsize=1)
def connector() -> Connector:
    """The process's connector; settings are read now, once."""
    return Connector(Settings())

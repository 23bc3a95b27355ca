"""A tenant takes its data along, and leaves: everything of it is deleted here, and what was deleted is counted.

Each round goes over everything anew, so it does not matter where the round before ended.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.batches import Batches
from shared.clock import Clock
from shared.connections.departure import Departure, gone_on, is_forgotten
from shared.errors import ConnectorError, name_of
from shared.identifiers import TenantKey
from shared.jose import TokenRefusedError, unverified_claims
from shared.microsoft.door import Batch
from shared.store.blobs import Blobs
from shared.store.tenants import Page, TableDepartures, TableTenants
from shared.telemetry import Event, log
from shared.visits.model import Subscription
from shared.visits.ports import Meetings

PAGE = 500
_ROUND = timedelta(minutes=3)
"""How long a round deletes rows: a function may run for five minutes."""


@dataclass(frozen=True)
class Leaving:
    """What a departure is done with. `named` are tenants that the stamp's settings name as gone."""

    tenants: TableTenants
    departures: TableDepartures
    meetings: Meetings
    batches: Batches
    containers: Callable[[], Iterator[Blobs]]
    named: tuple[TenantKey, ...]
    now: Clock

    def exported(self, tenant: TenantKey, after: str) -> Page:
        """A page of everything that the tables hold of the tenant. Raises SealBrokenError: `after` is none of ours."""
        return self.tenants.page(tenant, after, PAGE)

    def begin(self, tenant: TenantKey, by: str) -> Departure:
        """Let the tenant leave; one that is leaving goes on doing so."""
        found = self.departures.read(tenant)
        if found is not None and found.ended is None:
            return found
        departure = Departure(tenant, self.now(), by)
        self.departures.write(departure)
        log(Event.TENANT_LEAVES, level=logging.WARNING, tenant=tenant.tenant)
        return departure

    def must_stay(self, tenant: TenantKey) -> None:
        """Raises tenant_leaving if the tenant's data are being deleted."""
        found = self.departures.read(tenant)
        if found is not None and found.ended is None:
            raise ConnectorError("tenant_leaving")

    def go_on(self) -> int:
        """One round of every departure; how many there are. Trouble with one does not keep the others."""
        found = self.departures.all()
        known = {one.tenant for one in found}
        departures = [*found, *(self.begin(tenant, "") for tenant in self.named if tenant not in known)]
        for one in departures:
            try:
                self._round(one)
            except Exception as failed:  # noqa: BLE001 - the next round tries again
                log(
                    Event.REQUEST_FAILED,
                    level=logging.ERROR,
                    function="forget_departed",
                    tenant=one.tenant.tenant,
                    error_type=name_of(failed),
                )
        return len(departures)

    def _round(self, departure: Departure) -> None:
        if departure.ended:
            if is_forgotten(departure, self.now()):
                self.departures.forget(departure.tenant)
            return
        after = gone_on(departure, self._deleted(departure.tenant, self.now() + _ROUND), self.now())
        self.departures.write(after)
        if after.ended:
            log(Event.TENANT_LEFT, level=logging.WARNING, tenant=after.tenant.tenant, count=sum(after.deleted.values()))

    def _deleted(self, tenant: TenantKey, until: datetime) -> Mapping[str, int]:
        deleted: Counter[str] = Counter()
        # Before the rows that name them.
        deleted["subscriptions"] = sum(self._ended(tenant, one) for one in self.tenants.subscriptions(tenant))
        deleted["notifications"] = sum(self._cleaned(blobs, tenant) for blobs in self.containers())
        deleted.update(self.tenants.delete(tenant, lambda: self.now() < until))
        return deleted

    def _ended(self, tenant: TenantKey, subscription: str) -> int:
        """One that cannot be ended, as consent is withdrawn, runs out by itself within twelve hours."""
        try:
            self.meetings.unsubscribe(tenant, Subscription(subscription, self.now()))
        except ConnectorError as failed:
            log(Event.SUBSCRIPTION_FAILED, level=logging.ERROR, tenant=tenant.tenant, code=failed.code)
            return 0
        return 1

    def _cleaned(self, blobs: Blobs, tenant: TenantKey) -> int:
        """Take the tenant's notifications out of batches that are kept; how many there were."""
        count = 0
        for one in blobs.all():
            text = blobs.read(one.name)
            batch = self.batches.open(text) if text else None
            if batch is None:
                continue
            rest = _without(batch, tenant)
            count += len(batch.items) - len(rest.items)
            if not rest.items:
                blobs.delete(one.name)
            elif len(rest.items) < len(batch.items):
                blobs.write(one.name, self.batches.sealed(rest), one.facts)
        return count


def _without(batch: Batch, tenant: TenantKey) -> Batch:
    items = tuple(one for one in batch.items if one.visit.connection.tenant != tenant)
    return batch._replace(items=items, validation_tokens=tuple(filter(_not_of(tenant), batch.validation_tokens)))


def _not_of(tenant: TenantKey) -> Callable[[str], bool]:
    def judge(token: str) -> bool:
        try:
            return str(unverified_claims(token).get("tid", "")).lower() != tenant.tenant
        except TokenRefusedError:
            return True

    return judge

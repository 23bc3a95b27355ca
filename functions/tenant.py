"""A tenant as a whole: whether this region knows it, everything of it to take along, and its leaving."""

from typing import Any

import azure.functions as func

from functions.answers import Answer, Json
from functions.edge import ADMIN_ROLE, AUDITOR_ROLE, Access, Call, door
from functions.models import DepartureIn, DepartureOut, ExportOut, StoredRowOut, TenantOut
from shared.errors import ConnectorError
from shared.sealing import SealBrokenError
from shared.telemetry import Event, log

blueprint = func.Blueprint()


@door(blueprint, "GET", "tenant", access=Access.TENANT, answer=TenantOut)
def get_tenant(call: Call[Any]) -> Answer:
    """Whether this geography keeps data of the caller's tenant, and what the caller may do."""
    caller = call.caller
    known = bool(call.connector.connections.list(caller.tenant))
    return Json(
        TenantOut(
            tenant=caller.tenant.tenant,
            geography=caller.tenant.geography.value,
            known=known,
            object_id=caller.object_id,
            roles=sorted(caller.roles),
            is_admin=ADMIN_ROLE in caller.roles,
            is_auditor=AUDITOR_ROLE in caller.roles,
        )
    )


@door(blueprint, "GET", "tenant/export", access=Access.ADMIN, answer=ExportOut)
def export_tenant(call: Call[Any]) -> Answer:
    """A page of everything that is stored of the tenant, sealed values opened; `after` asks for the next."""
    caller, after = call.caller, call.one("after")
    parts = call.connector
    try:
        page = parts.leaving.exported(caller.tenant, after)
    except SealBrokenError:
        raise ConnectorError("body_invalid", detail="after") from None
    if not after:
        parts.connections.note_export(caller.tenant, caller.object_id)
        log(Event.TENANT_EXPORTED, tenant=caller.tenant.tenant, correlation=call.correlation)
    return Json(
        ExportOut(
            tenant=caller.tenant.tenant,
            geography=caller.tenant.geography.value,
            exported=parts.now().isoformat(),
            rows=[
                StoredRowOut(table=one.table, partition=one.partition, row=one.row, values=dict(one.values))
                for one in page.rows
            ],
            next=page.following or None,
        )
    )


@door(blueprint, "GET", "tenant/departure", access=Access.ADMIN, answer=DepartureOut)
def get_departure(call: Call[Any]) -> Answer:
    """Whether the tenant is here, how far its deletion is, or for 30 days its receipt."""
    return Json(DepartureOut.of(call.connector.leaving.departures.read(call.caller.tenant)))


@door(blueprint, "POST", "tenant/departure", access=Access.ADMIN, body=DepartureIn, answer=DepartureOut)
def begin_departure(call: Call[DepartureIn]) -> Answer:
    """Delete everything of the tenant. It cannot be called back."""
    caller = call.caller
    if call.input.tenant != caller.tenant.tenant:
        raise ConnectorError("body_invalid", detail="tenant")
    return Json(DepartureOut.of(call.connector.leaving.begin(caller.tenant, caller.object_id)))

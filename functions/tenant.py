"""Who is asking: the portal's first question to each region."""

from typing import Any

import azure.functions as func

from functions.answers import Answer, Json
from functions.edge import ADMIN_ROLE, AUDITOR_ROLE, Access, Call, door
from functions.models import TenantOut

blueprint = func.Blueprint()


@door(blueprint, "GET", "tenant", access=Access.TENANT, answer=TenantOut)
def get_tenant(call: Call[Any]) -> Answer:
    """Whether this geography keeps data of the caller's tenant, and what the caller may do."""
    caller = call.caller
    known = bool(call.connector.connections.list(caller.tenant))
    return Json(
        TenantOut(
            geography=caller.tenant.geography.value,
            known=known,
            object_id=caller.object_id,
            roles=sorted(caller.roles),
            is_admin=ADMIN_ROLE in caller.roles,
            is_auditor=AUDITOR_ROLE in caller.roles,
        )
    )

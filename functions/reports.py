"""The funnel of visits: counts by day and department, for administrators and auditors."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import azure.functions as func

from functions.answers import Answer, Json
from functions.edge import Access, Call, door
from functions.visit_models import FunnelDay, FunnelOut
from shared.errors import ConnectorError

if TYPE_CHECKING:
    from shared.visits.funnel import FunnelRow

blueprint = func.Blueprint()
_LONGEST = timedelta(days=92)


@door(blueprint, "GET", "visits/funnel", access=Access.READER, answer=FunnelOut)
def get_funnel(call: Call[Any]) -> Answer:
    """How far visits came, by day and department; numbers that are too small are hidden."""
    from shared.visits.funnel import SMALLEST, funnel  # noqa: PLC0415 - no cold start pays for it

    caller = call.caller
    if not caller.reads_all:
        raise ConnectorError("role_missing", role="Connector.Admin")
    today = call.connector.now().date()
    first, last = _day(call.one("from"), today), _day(call.one("to"), today)
    if last < first or last - first > _LONGEST:
        raise ConnectorError("body_invalid", detail="from, to")
    rows = funnel(call.connector.visit_store.of_tenant(caller.tenant), first, last)
    return Json(FunnelOut(days=[_out(row) for row in rows], smallest=SMALLEST))


def _day(text: str, otherwise: date) -> date:
    try:
        return date.fromisoformat(text) if text else otherwise
    except ValueError:
        raise ConnectorError("body_invalid", detail="a day is written YYYY-MM-DD") from None


def _out(row: "FunnelRow") -> FunnelDay:
    return FunnelDay(day=row.day, department=row.department, hidden=row.hidden, **row.counts)

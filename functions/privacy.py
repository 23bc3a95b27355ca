"""The privacy receipt: each stored field, why, and until when, from the code's own list."""

from typing import Any

import azure.functions as func

from functions.answers import Answer, Json
from functions.edge import Call, door
from functions.models import PrivacyOut, StoredFieldOut
from shared.stored import stored_fields

blueprint = func.Blueprint()


@door(blueprint, "GET", "privacy", answer=PrivacyOut)
def get_privacy(call: Call[Any]) -> Answer:
    """Everything that this connector stores."""
    where = f"Azure Table Storage, geography {call.connector.settings.geography.value}"
    fields = [
        StoredFieldOut(
            table=one.table,
            column=one.column,
            what=one.what,
            why=one.why,
            where=where,
            until=one.until,
            names=one.names_a_person,
            encrypted=one.encrypted,
        )
        for one in stored_fields(call.language)
    ]
    return Json(PrivacyOut(fields=fields))

"""Integration records: to copy, to compare with what stands in the EHR, and to try out."""

from typing import TYPE_CHECKING, Any

import azure.functions as func

from functions.answers import Answer, Json
from functions.configuration import readable
from functions.connection_models import (
    ComparedField,
    CompareIn,
    CompareOut,
    RecordList,
    RecordOut,
    SaidOut,
    TestLaunchIn,
    TestLaunchOut,
    TestLine,
)
from functions.edge import Access, Call, door
from shared.catalogue import said
from shared.connections.lifecycle import launchable
from shared.connections.model import Connection
from shared.connections.records import IntegrationRecord, records
from shared.errors import ConnectorError, Language
from shared.identifiers import Environment

if TYPE_CHECKING:
    from shared.connections.compare import FieldComparison, Surroundings

blueprint = func.Blueprint()


@door(blueprint, "GET", "connections/{id}/records", access=Access.READER, answer=RecordList)
def get_records(call: Call[Any]) -> Answer:
    """The integration records of the approved revision."""
    connection = readable(call)
    environment = launchable(connection).environment
    found = _records(call, connection)
    jwks_url = call.connector.settings.public_url(f"/api/keys/{environment.value}/jwks.json")
    return Json(RecordList(records=[RecordOut.of(one) for one in found], jwks_url=jwks_url))


@door(
    blueprint,
    "POST",
    "connections/{id}/records/compare",
    access=Access.READER,
    body=CompareIn,
    answer=CompareOut,
)
def compare_records(call: Call[CompareIn]) -> Answer:
    """Compare one record with what an analyst found in the EHR; nothing is stored."""
    from shared.connections.compare import compare  # noqa: PLC0415 - no cold start pays for it

    connection = readable(call)
    record = next((one for one in _records(call, connection) if one.kind is call.input.kind), None)
    if record is None:
        raise ConnectorError("not_found")
    fields = compare(record, call.input.text, _surroundings(call, connection))
    return Json(
        CompareOut(matches=all(one.matches for one in fields), fields=[_field(one, call.language) for one in fields])
    )


@door(
    blueprint,
    "POST",
    "connections/{id}/test-launch",
    access=Access.READER,
    body=TestLaunchIn,
    answer=TestLaunchOut,
)
def test_launch(call: Call[TestLaunchIn]) -> Answer:
    """Try every part of a visit for real, without a visit."""
    connection = readable(call)
    lines = []
    for line in call.connector.checklist.run(connection, call.input.clinician.strip()):
        sentence = said("checklist", f"{line.code}.{line.light.value}", call.language)
        lines.append(
            TestLine(
                code=line.code,
                state=line.light.value,
                said=sentence.said,
                next_step=sentence.change,
                reason=line.reason,
                commands=list(line.commands),
            )
        )
    return Json(TestLaunchOut(lines=lines))


def _records(call: Call[Any], connection: Connection) -> tuple[IntegrationRecord, ...]:
    settings = call.connector.settings
    content = launchable(connection)
    return records(
        connection.key,
        content,
        launch_base=settings.public_url("/api/launch"),
        client_id=settings.ehr_client_id(content.environment),
    )


def _surroundings(call: Call[Any], connection: Connection) -> "Surroundings":
    from shared.connections.compare import Surroundings  # noqa: PLC0415 - no cold start pays for it

    settings = call.connector.settings
    content = launchable(connection)
    others = call.connector.connections.list(connection.key.tenant)
    return Surroundings(
        connections={one.key.connection: one.content.environment for one in others},
        client_ids={settings.ehr_client_id(one).lower(): one for one in Environment},
        environment=content.environment,
        settings=content.settings,
    )


def _field(one: "FieldComparison", language: Language) -> ComparedField:
    findings = [(code, said("records", code, language)) for code in one.codes]
    return ComparedField(
        field=one.field,
        matches=one.matches,
        expected=one.expected,
        found=one.found,
        findings=[SaidOut(code=code, said=found.said, change=found.change) for code, found in findings],
    )

"""The address table and the ready file."""

import json
from pathlib import Path

from sandbox.dev import addresses
from sandbox.dev.addresses import Addresses
from sandbox.dev.ports import Ports, free_ports

PORTS = Ports(functions=8071, hospital=8081, microsoft=8082, blob=9000, queue=9001, table=9002)


def test_people_get_every_page_at_the_ports_in_use() -> None:
    rows = dict(Addresses(PORTS).table_rows(Path("/logs")))
    assert rows["Hospital: a clinician's schedule"] == "http://localhost:8081/test/schedule"
    assert rows["Hospital: a patient's portal"] == "http://localhost:8081/test/portal"
    assert rows["Hospital: integration records"] == "http://localhost:8081/test/records"
    assert rows["API: health"] == "http://localhost:8071/api/health"
    assert rows["Pretend Microsoft: control page"] == "http://localhost:8082/"
    assert "http://localhost:8071/api/writebacks" in rows.values()
    assert rows["Logs"] == str(Path("/logs"))


def test_the_functions_alone_have_no_stand_in_s_pages() -> None:
    alone = Addresses(PORTS, only_functions=True)
    content = alone.as_json(Path("/logs"), {"functions": 1})
    assert "hospital" not in content
    assert "microsoft" not in content
    assert not any("8081" in text or "8082" in text for _, text in alone.table_rows(Path("/logs")))
    assert alone.must_answer() == {"functions": "http://localhost:8071/api/health"}


def test_programs_get_the_same_as_json(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "ready.json"
    addresses.write_json(file, Addresses(PORTS).as_json(tmp_path, {"hospital": 17}))
    content = json.loads(file.read_text())
    assert content["connector"] == "http://localhost:8071"
    assert content["hospital"] == "http://localhost:8081"
    assert content["microsoft"] == "http://localhost:8082"
    assert "TableEndpoint=http://127.0.0.1:9002/" in content["storage"]
    assert content["processes"] == {"hospital": 17}
    assert Ports(**content["ports"]) == PORTS
    assert [path.name for path in file.parent.iterdir()] == ["ready.json"]


def test_nothing_runs_where_no_one_answers(tmp_path: Path) -> None:
    ports = Ports(*free_ports(len(Ports().named())))
    file = tmp_path / "ready.json"
    assert not addresses.running(file, None)
    file.write_text("half of {")
    assert not addresses.running(file, None)
    file.write_text(json.dumps({"ports": {"unknown": 1}}))
    assert not addresses.running(file, None)
    addresses.write_json(file, Addresses(ports).as_json(tmp_path, {}))
    assert not addresses.running(file, None)
    assert len(Addresses(ports).silent()) == len(Ports().named())

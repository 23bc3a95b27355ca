"""Settings of the functions: local addresses follow the ports, all else stays."""

import json
from pathlib import Path

import pytest

from sandbox.dev import settings
from sandbox.dev.ports import Ports
from sandbox.dev.settings import SettingsProblemError

PORTS = Ports(functions=8071, hospital=8081, microsoft=8082, blob=9000, queue=9001, table=9002)
VALUES = {
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "STORAGE_CONNECTION": "UseDevelopmentStorage=true;",
    "PUBLIC_BASE_URL": "http://localhost:7071",
    "ENTRA_AUTHORITY": "http://localhost:7082/entra",
    "PORTAL_BASE_URL": "http://localhost:7070",
    "IDENTITY_ENDPOINT": "http://127.0.0.1:7082/identity/token",
    "ELSEWHERE": "https://ehr.example:7071/localhost/",
    "GEOGRAPHY": "emea",
    "SEVERAL": "http://localhost:10000 http://localhost:10001",
}


def write(folder: Path, name: str, values: object) -> None:
    (folder / name).write_text(json.dumps({"IsEncrypted": False, "Values": values}))


def test_local_addresses_move_to_the_ports_in_use() -> None:
    moved = settings.moved(VALUES, PORTS)
    assert moved["PUBLIC_BASE_URL"] == "http://localhost:8071"
    assert moved["ENTRA_AUTHORITY"] == "http://localhost:8082/entra"
    assert moved["IDENTITY_ENDPOINT"] == "http://127.0.0.1:8082/identity/token"
    assert moved["SEVERAL"] == "http://localhost:9000 http://localhost:9001"
    for name in ("PORTAL_BASE_URL", "ELSEWHERE", "GEOGRAPHY"):
        assert moved[name] == VALUES[name]


def test_development_storage_becomes_a_connection_string_with_the_ports() -> None:
    moved = settings.moved(VALUES, PORTS)
    for name in ("AzureWebJobsStorage", "STORAGE_CONNECTION"):
        assert "BlobEndpoint=http://127.0.0.1:9000/devstoreaccount1;" in moved[name]
        assert "QueueEndpoint=http://127.0.0.1:9001/devstoreaccount1;" in moved[name]
        assert "TableEndpoint=http://127.0.0.1:9002/devstoreaccount1;" in moved[name]


def test_ports_that_trade_places_are_not_moved_twice() -> None:
    swapped = Ports(hospital=7082, microsoft=7081)
    moved = settings.moved({"A": "http://localhost:7081", "B": "http://localhost:7082"}, swapped)
    assert moved == {"A": "http://localhost:7082", "B": "http://localhost:7081"}


def test_the_whole_sandbox_gets_every_address_of_the_sample_by_environment(tmp_path: Path) -> None:
    write(tmp_path, "local.settings.sample.json", VALUES)
    write(tmp_path, "local.settings.json", {"GEOGRAPHY": "apac"})
    file, env = settings.whole_sandbox(tmp_path, PORTS)
    assert file == tmp_path / "local.settings.sample.json"
    moved = settings.moved(VALUES, PORTS)
    assert env == {name: value for name, value in moved.items() if name not in ("GEOGRAPHY", "ELSEWHERE")}


def test_the_functions_alone_get_a_copy_of_the_sample_and_only_what_must_differ(tmp_path: Path) -> None:
    write(tmp_path, "local.settings.sample.json", VALUES)
    file, env = settings.only_functions(tmp_path, Ports(table=9002))
    assert file == tmp_path / "local.settings.json"
    assert settings.read_values(file) == VALUES
    assert set(env) == {"AzureWebJobsStorage", "STORAGE_CONNECTION"}


def test_a_person_s_own_settings_are_kept(tmp_path: Path) -> None:
    write(tmp_path, "local.settings.sample.json", VALUES)
    own = {"GRAPH_BASE_URL": "https://stand-in.example/v1.0", "STORAGE_CONNECTION": "AccountName=other"}
    write(tmp_path, "local.settings.json", own)
    file, env = settings.only_functions(tmp_path, PORTS)
    assert settings.read_values(file) == own
    assert env == {}


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "is missing"), ("{", "is not JSON"), ("[]", '"Values"'), ('{"Values": 1}', '"Values"')],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, content: str | None, words: str) -> None:
    file = tmp_path / "local.settings.sample.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(SettingsProblemError, match=words) as problem:
        settings.whole_sandbox(tmp_path, PORTS)
    assert str(file) in str(problem.value)


def test_without_a_sample_there_is_nothing_to_copy(tmp_path: Path) -> None:
    with pytest.raises(SettingsProblemError, match="sample"):
        settings.only_functions(tmp_path, PORTS)

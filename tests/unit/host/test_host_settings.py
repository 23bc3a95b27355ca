"""host.json and local.settings.json."""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.host.model import HostError
from sandbox.host.settings import (
    EMULATOR,
    apply_values,
    connection_string,
    is_disabled,
    read_host_json,
    read_local_settings,
    resolve_names,
    seconds,
)


def write(folder: Path, name: str, document: Any) -> Path:
    path = folder / name
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "expected"),
    [("00:00:00.500", 0.5), ("00:00:30", 30), ("01:00", 3600), ("1.00:00:01", 86401), ("00:05:00", 300)],
)
def test_time_spans(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "5", "00:00:xx", "1:2:3:4"])
def test_what_is_no_time_span(text: str) -> None:
    with pytest.raises(ValueError, match="time span"):
        seconds(text)


def test_host_json_of_this_repository() -> None:
    options = read_host_json(Path(__file__).parents[3])
    assert options.route_prefix == "api"
    assert options.has_extension_bundle
    assert options.queues.max_polling_interval < 1
    assert options.queues.visibility_timeout > 0


def test_host_json_defaults(tmp_path: Path) -> None:
    write(tmp_path, "host.json", {"version": "2.0"})
    options = read_host_json(tmp_path)
    assert (options.route_prefix, options.function_timeout, options.log_level) == ("api", 1800.0, "Information")
    assert not options.has_extension_bundle
    queues = options.queues
    assert (queues.batch_size, queues.max_dequeue_count, queues.base64) == (16, 5, True)
    assert (queues.max_polling_interval, queues.visibility_timeout, queues.hidden) == (60.0, 0.0, 600.0)


def test_host_json_values(tmp_path: Path) -> None:
    queues = {
        "batchSize": 32,
        "newBatchThreshold": 3,
        "maxDequeueCount": 2,
        "maxPollingInterval": "00:00:00.250",
        "visibilityTimeout": "00:00:07",
        "messageEncoding": "none",
    }
    document = {
        "version": "2.0",
        "functionTimeout": "-1",
        "logging": {"logLevel": {"default": "Error", "Function": "Debug"}},
        "extensions": {"http": {"routePrefix": ""}, "queues": queues},
    }
    write(tmp_path, "host.json", document)
    options = read_host_json(tmp_path)
    assert (options.route_prefix, options.function_timeout, options.log_level) == ("", None, "Debug")
    read = options.queues
    assert (read.batch_size, read.new_batch_threshold, read.max_dequeue_count) == (32, 3, 2)
    assert (read.max_polling_interval, read.visibility_timeout, read.base64) == (0.25, 7.0, False)


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        (None, "There is no host.json"),
        ("{", "not valid JSON"),
        ("[]", "JSON object"),
        ({}, '"version": "2.0"'),
        ({"version": "2.0", "extensions": []}, None),
        ({"version": "2.0", "extensions": [1]}, "'extensions'"),
        ({"version": "2.0", "functionTimeout": "soon"}, "time span"),
        ({"version": "2.0", "extensions": {"queues": {"batchSize": 33}}}, "batchSize"),
        ({"version": "2.0", "extensions": {"queues": {"maxDequeueCount": 0}}}, "maxDequeueCount"),
        ({"version": "2.0", "extensions": {"queues": {"messageEncoding": "utf8"}}}, "messageEncoding"),
    ],
)
def test_host_json_complaints(tmp_path: Path, document: Any, complaint: str | None) -> None:
    if document is not None:
        write(tmp_path, "host.json", document)
    if complaint is None:
        assert read_host_json(tmp_path).route_prefix == "api"
        return
    with pytest.raises(HostError, match=complaint):
        read_host_json(tmp_path)


def test_local_settings(tmp_path: Path) -> None:
    document = {
        "IsEncrypted": False,
        "Values": {"A": "1", "B": "2"},
        "Host": {"CORS": "http://localhost:7070/, https://example.org", "CORSCredentials": True},
    }
    settings = read_local_settings(write(tmp_path, "local.settings.json", document))
    environ = {"A": "mine"}
    apply_values(settings, environ, 7099)
    assert environ["A"] == "mine"
    assert environ["B"] == "2"
    assert environ["WEBSITE_HOSTNAME"] == "localhost:7099"
    assert settings.cors_origins == ("http://localhost:7070", "https://example.org")
    assert settings.cors_credentials


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ({"IsEncrypted": True}, "encrypted"),
        ({"Values": {"A": 1, "B": "x", "C": True}}, "A, C"),
        ({"Values": "x"}, "'Values'"),
        ("nothing", "not valid JSON"),
    ],
)
def test_local_settings_complaints(tmp_path: Path, document: Any, complaint: str) -> None:
    with pytest.raises(HostError, match=complaint):
        read_local_settings(write(tmp_path, "local.settings.json", document))


def test_a_settings_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(HostError, match=r"no settings file .*local\.settings\.sample\.json"):
        read_local_settings(tmp_path / "none.json")


def test_names_in_percent_signs() -> None:
    assert resolve_names("a-%X%-%Y%", {"X": "1", "Y": "2"}) == "a-1-2"
    assert resolve_names("plain", {}) == "plain"
    with pytest.raises(HostError, match="'NONE'"):
        resolve_names("%NONE%", {})


def test_connections() -> None:
    assert connection_string("", {"AzureWebJobsStorage": "AccountName=a"}) == "AccountName=a"
    assert connection_string("X", {"X": "AccountName=b"}) == "AccountName=b"
    assert connection_string("X", {"AzureWebJobsX": "AccountName=c"}) == "AccountName=c"
    assert connection_string("X", {"X": "UseDevelopmentStorage=true;"}) == EMULATOR
    with pytest.raises(HostError, match="'AzureWebJobsStorage' is not set"):
        connection_string("", {})
    with pytest.raises(HostError, match="identity"):
        connection_string("X", {"X__accountName": "a"})


def test_a_function_switched_off() -> None:
    assert is_disabled("renew", {"AzureWebJobs.renew.Disabled": "true"})
    assert is_disabled("renew", {"AzureWebJobs_renew_Disabled": "1"})
    assert not is_disabled("renew", {"AzureWebJobs.renew.Disabled": "false"})
    assert not is_disabled("renew", {"AzureWebJobs.other.Disabled": "true"})

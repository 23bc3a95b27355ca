"""Keys in files: made once and kept. What all kinds of keys do stands in tests/contract/keys."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from shared.identifiers import Environment
from shared.keys import LocalKeys
from shared.rotation import CERTIFICATES, SIGNING
from tests.support.fakes import START, Clock


def test_nothing_but_keys_is_left_in_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "on first use"
    keys = LocalKeys(folder)
    assert keys.data_key
    keys.certificate()
    keys.public_keys(Environment.TEST)
    assert sorted(file.name for file in folder.iterdir()) == [
        "data.key",
        "notifications.pem",
        "signing-test-es384.json",
        "signing-test-rs384.json",
    ]
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}


def test_whoever_signs_has_the_whole_set_to_publish(tmp_path: Path) -> None:
    """An EHR fetches it while it judges the first signature, and soon gives up: no time to make an RSA key."""
    LocalKeys(tmp_path).sign(Environment.TEST, "ES384", {"iss": "us"})
    assert sorted(file.name for file in tmp_path.iterdir()) == ["signing-test-es384.json", "signing-test-rs384.json"]


def test_processes_that_begin_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: LocalKeys(tmp_path).data_key, range(16)))
    assert len(set(found)) == 1


def test_files_that_nothing_can_refer_to_are_deleted(tmp_path: Path) -> None:
    clock = Clock()
    keys = LocalKeys(tmp_path, clock)
    keys.rotate(clock())
    clock.until(START + CERTIFICATES.age)
    keys.rotate(clock())
    assert len(list(tmp_path.glob("notifications*.pem"))) == 2
    assert len(list(tmp_path.glob("signing-test-es384*.json"))) == 2
    clock.forward(seconds=(SIGNING.ahead + SIGNING.kept + timedelta(minutes=1)).total_seconds())
    keys.rotate(clock())
    assert len(list(tmp_path.glob("notifications*.pem"))) == 2
    assert len(list(tmp_path.glob("signing-test-es384*.json"))) == 1
    clock.forward(seconds=CERTIFICATES.kept.total_seconds())
    keys.rotate(clock())
    assert len(list(tmp_path.glob("notifications*.pem"))) == 1


def test_a_signing_key_of_an_older_version_of_the_connector_is_still_one(tmp_path: Path) -> None:
    keys = LocalKeys(tmp_path)
    before = keys.public_keys(Environment.TEST)
    file = tmp_path / "signing-test-es384.json"
    head, _, tail = file.read_text().partition(', "made": ')
    file.write_text(head + tail[tail.index('"', 1) + 1 :])
    assert "made" not in file.read_text()
    assert LocalKeys(tmp_path).public_keys(Environment.TEST) == before

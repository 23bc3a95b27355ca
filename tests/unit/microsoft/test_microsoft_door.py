"""The notification door: each item judged alone, nothing readable left on the queue, nothing that crashes it."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ConnectorError
from shared.identifiers import ConnectionKey, Geography, TenantKey, VisitKey, new_connection_id
from shared.microsoft.door import (
    MAX_MESSAGE_CHARACTERS,
    Batch,
    InBlob,
    accept,
    client_state,
    packed,
    unpacked,
    visit_of,
)
from shared.sealing import SealBrokenError, Sealer
from tests.support.connections import OTHER_TENANT, TENANT

SEALER = Sealer(b"k" * 32)
EMEA = Geography.EMEA
RECEIVED = "2026-03-02T09:00:00+00:00"
QUEUE_LIMIT_BYTES = 64 * 1024
JOIN_URL = "https://teams.example/l/meetup-join/19%3ameeting_secret%40thread.v2/0"
TOKEN = "header.claims.signature"


def visit(tenant: TenantKey = TENANT, session: str = "a" * 32) -> VisitKey:
    return VisitKey(ConnectionKey(tenant, new_connection_id(tenant.tenant)), session)


def item(key: VisitKey, **changes: Any) -> dict[str, Any]:
    plain = {
        "id": "11111111-1111-4111-8111-111111111111",
        "subscriptionId": "22222222-2222-4222-8222-22222222222A",
        "tenantId": key.connection.tenant.tenant,
        "clientState": client_state(SEALER, key),
        "changeType": "updated",
        "resource": f"communications/onlineMeetings(joinWebUrl='{JOIN_URL}')/meetingCallEvents",
        "encryptedContent": {
            "data": "ZGF0YQ==",
            "dataKey": "a2V5",
            "dataSignature": "c2ln",
            "encryptionCertificateId": "certificate",
            "encryptionCertificateThumbprint": "ignored",
        },
    }
    return {**plain, **changes}


def refusal(body: dict[str, Any]) -> str:
    with pytest.raises(ConnectorError) as caught:
        accept(SEALER, EMEA, body, RECEIVED)
    return caught.value.code


def test_a_client_state_is_short_enough_for_graph_and_names_its_visit() -> None:
    for key in (visit(), visit(OTHER_TENANT, "0" * 32)):
        state = client_state(SEALER, key)
        assert len(state) == 106  # Graph takes 128
        assert state.isascii()
        assert visit_of(SEALER, EMEA, state) == key
        # Nothing in it can be turned back into what the EHR calls the visit.
        assert re.fullmatch(r"[a-z2-7]{40}\.[0-9a-f]{32}\.[0-9a-f]{32}", state)


def test_a_client_state_that_we_never_made_is_nobodys() -> None:
    key = visit()
    state = client_state(SEALER, key)
    routing, _, mac = state.rpartition(".")
    for wrong in (
        "",
        ".",
        "..",
        routing,
        f"{routing}.",
        f"{routing}.{mac[:-1]}",
        f"{routing}.{mac.upper()}",
        f"{routing}.{'0' * 32}",
        f"{routing}.\ud800",
        f"{routing}.\u0660{mac[1:]}",
        f"{visit().routing}.{mac}",
        f"{key.connection.connection}.{'b' * 32}.{mac}",
        f"{state}.{mac}",
        state[1:],
        state + " ",
        "x" * 100_000,
    ):
        assert visit_of(SEALER, EMEA, wrong) is None
    assert visit_of(SEALER, Geography.AMER, state) is None
    assert visit_of(Sealer(b"x" * 32), EMEA, state) is None


def test_the_items_that_are_ours_are_taken_from_a_mixed_batch() -> None:
    first, second = visit(), visit(OTHER_TENANT)
    body = {
        "value": [
            item(first),
            item(first, clientState="not ours"),
            item(first, clientState=None),
            item(first, clientState=3),
            item(first, tenantId=OTHER_TENANT.tenant),
            item(first, tenantId=None),
            item(second, tenantId=TENANT.tenant),
            "no object",
            None,
            [],
            item(second, tenantId=OTHER_TENANT.tenant.upper()),
            item(first, encryptedContent=None, changeType=None, lifecycleEvent="reauthorizationRequired"),
        ],
        "validationTokens": [TOKEN, 3, None],
    }
    batch = accept(SEALER, EMEA, body, RECEIVED)
    assert [one.visit for one in batch.items] == [first, second, first]
    assert [one.tenant for one in batch.items] == [TENANT.tenant, OTHER_TENANT.tenant, TENANT.tenant]
    assert [one.lifecycle for one in batch.items] == ["", "", "reauthorizationRequired"]
    assert batch.items[0].subscription == "22222222-2222-4222-8222-22222222222a"
    assert batch.items[0].encrypted == {
        "data": "ZGF0YQ==",
        "dataKey": "a2V5",
        "dataSignature": "c2ln",
        "encryptionCertificateId": "certificate",
    }
    assert batch.items[2].encrypted == {}
    assert (batch.validation_tokens, batch.received) == ((TOKEN,), RECEIVED)


@pytest.mark.parametrize("value", [None, {}, "x", 3, [], [{}] * 1001])
def test_what_is_no_collection_is_refused_as_that(value: object) -> None:
    assert refusal({"value": value}) == "body_invalid"
    assert refusal({}) == "body_invalid"


def test_a_request_with_nothing_of_ours_is_refused_as_that() -> None:
    assert refusal({"value": [{}]}) == "client_state_unknown"
    assert refusal({"value": [item(visit(), clientState="x")]}) == "client_state_unknown"
    assert refusal({"value": [item(visit(), tenantId=OTHER_TENANT.tenant)]}) == "client_state_unknown"


def test_a_client_state_of_another_stamp_is_refused() -> None:
    with pytest.raises(ConnectorError, match="client_state_unknown"):
        accept(Sealer(b"x" * 32), EMEA, {"value": [item(visit())]}, RECEIVED)


@pytest.mark.parametrize("tokens", [None, "x", {}, 3, [], [3, {}]])
def test_tokens_that_are_none_are_no_tokens(tokens: object) -> None:
    body = {"value": [item(visit())], "validationTokens": tokens}
    assert accept(SEALER, EMEA, body, RECEIVED).validation_tokens == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=15,
)
KEY = visit()
MEMBERS = ["clientState", "tenantId", "subscriptionId", "encryptedContent", "lifecycleEvent"]


@given(st.dictionaries(st.sampled_from(MEMBERS), JSON), st.booleans(), JSON)
def test_no_json_does_anything_but_be_taken_or_refused(
    changes: dict[str, Any],
    ours: bool,  # noqa: FBT001
    tokens: Any,
) -> None:
    first = item(KEY) if ours else {}
    try:
        batch = accept(SEALER, EMEA, {"value": [{**first, **changes}], "validationTokens": tokens}, RECEIVED)
    except ConnectorError:
        assert not ours or changes
        return
    assert unpacked(SEALER, EMEA, packed(SEALER, batch).message) == batch


def test_a_message_tells_nothing_to_who_reads_the_queue() -> None:
    key = visit()
    batch = accept(SEALER, EMEA, {"value": [item(key)], "validationTokens": [TOKEN]}, RECEIVED)
    message = packed(SEALER, batch).message
    for secret in (TOKEN, "meetup-join", "teams.example", key.session, key.connection.connection, "ZGF0YQ", "{"):
        assert secret not in message
    # The join URL does not even go in sealed: nobody needs it any more.
    assert "meetup-join" not in SEALER.open("notifications", message)
    assert unpacked(SEALER, EMEA, message) == batch


def of_size(size: int) -> Batch:
    """A batch that is so many bytes when sealed: a nonce of 12 and a tag of 16 belong to it."""
    empty = len(json.dumps(plain_of(batch_with("")), separators=(",", ":")))
    return batch_with("x" * (size - 28 - empty))


def batch_with(data: str) -> Batch:
    return accept(SEALER, EMEA, {"value": [item(KEY, encryptedContent={"data": data})]}, RECEIVED)


def plain_of(batch: Batch) -> Any:
    return json.loads(SEALER.open("notifications", packed(SEALER, batch).message))


def test_a_batch_that_fills_a_message_is_one_and_a_larger_one_goes_to_a_blob() -> None:
    size = MAX_MESSAGE_CHARACTERS // 4 * 3
    full = packed(SEALER, of_size(size))
    assert (len(full.message), full.blob, full.content) == (MAX_MESSAGE_CHARACTERS, "", "")
    # As the host puts it on the queue: in base64.
    assert -(-len(full.message) // 3) * 4 <= QUEUE_LIMIT_BYTES
    over = packed(SEALER, of_size(size + 1))
    assert len(over.content) == MAX_MESSAGE_CHARACTERS + 2
    assert unpacked(SEALER, EMEA, over.message) == InBlob(over.blob)


def test_the_largest_request_is_one_short_message_and_nothing_of_it_is_lost() -> None:
    keys = [visit() for _ in range(1000)]
    content = {"data": "x" * 900, "dataKey": "k" * 344, "dataSignature": "s" * 44, "encryptionCertificateId": "c"}
    body = {"value": [item(key, encryptedContent=content) for key in keys], "validationTokens": [TOKEN * 40]}
    batch = accept(SEALER, EMEA, body, RECEIVED)
    one, again = packed(SEALER, batch), packed(SEALER, batch)
    assert len(one.message) < 200
    assert unpacked(SEALER, EMEA, one.content) == batch
    # The name cannot be guessed, tells nothing, and is never used twice.
    assert re.fullmatch("[0-9a-f]{32}", one.blob)
    assert one.blob != again.blob
    for secret in (one.blob, TOKEN, keys[0].session):
        assert secret not in one.message
        assert secret not in one.content


def test_a_message_of_somebody_else_is_not_opened() -> None:
    message = packed(SEALER, accept(SEALER, EMEA, {"value": [item(visit())]}, RECEIVED)).message
    for wrong in ("", "garbage", message[:-4], Sealer(b"x" * 32).seal("notifications", "{}"), SEALER.seal("p", "{}")):
        with pytest.raises(SealBrokenError):
            unpacked(SEALER, EMEA, wrong)
    with pytest.raises(SealBrokenError):
        unpacked(SEALER, EMEA, SEALER.seal("notifications", json.dumps({"items": [{"visit": "x"}]})))


@pytest.mark.parametrize(
    "changes",
    [
        {"received": "yesterday"},
        {"received": "2026-03-02T09:00:00"},
        {"received": 5},
        {"tokens": [5]},
        {"tokens": "abc"},
        {"tries": "often"},
        {"items": [5]},
        {"items": [{}]},
        {"items": {}},
    ],
)
def test_what_has_our_seal_and_another_shape_is_none_of_ours(changes: dict[str, Any]) -> None:
    """As after a way back to an earlier version: refused where it is read, and not somewhere behind."""
    carried = json.loads(SEALER.open("notifications", packed(SEALER, batch_with("data")).message))
    for content in ({**carried, **changes}, [carried], "text", None):
        with pytest.raises(SealBrokenError):
            unpacked(SEALER, EMEA, SEALER.seal("notifications", json.dumps(content)))

"""Our pages in a frame of an EHR: who may frame them, and what then holds against other sites."""

from typing import Any

import azure.functions as func
import pytest

from functions.answers import Cookie, Json, Page, to_response
from functions.edge import Call
from functions.visits import ask_for_help, join_visit
from shared.errors import ConnectorError
from shared.settings import Settings
from shared.wiring import Connector
from tests.support.tokens import settings


@pytest.mark.parametrize(
    ("ancestors", "policy"),
    [("", "frame-ancestors 'none'"), ("https://ehr.example", "frame-ancestors https://ehr.example")],
)
def test_only_who_is_named_may_frame_a_page(ancestors: str, policy: str) -> None:
    response = to_response(Page("board", values={"visit": "abc"}), "en", frame_ancestors=ancestors)
    assert response.headers["Content-Security-Policy"].endswith(policy)


@pytest.mark.parametrize("ancestors", ["http://ehr.example", "ehr.example", "https://a.example; script-src *", "*"])
def test_a_frame_ancestor_is_an_https_origin(ancestors: str) -> None:
    with pytest.raises(ValueError, match="frame_ancestors"):
        settings(frame_ancestors=ancestors)


@pytest.mark.parametrize(("framed", "same_site"), [(False, "Lax"), (True, "None")])
def test_a_ticket_goes_along_into_a_frame_only_where_frames_are_allowed(*, framed: bool, same_site: str) -> None:
    response = to_response(Json({}, cookies=(Cookie("__Host-visit-1", "sealed", 60, framed),)), "en")
    assert response.headers["Set-Cookie"].endswith(f"Secure; HttpOnly; SameSite={same_site}")


@pytest.mark.parametrize("door", [join_visit, ask_for_help])
def test_another_site_cannot_act_with_somebodys_ticket(door: object) -> None:
    made: Settings = settings()
    call: Call[Any] = Call(
        connector=Connector(made),
        req=func.HttpRequest(method="POST", url="", headers={"Sec-Fetch-Site": "same-site"}, body=b""),
        correlation="",
        query={"visit": ["abc"]},
        body_bytes=b"",
    )
    with pytest.raises(ConnectorError) as refused:
        door(call)  # type: ignore[operator]
    assert refused.value.code == "ticket_missing"

"""Microsoft Graph over HTTP: one way to send a request, with its token, its retries and its errors.

Throttling: 429, 503 and 504 with `Retry-After` in seconds (Graph, "Throttling guidance"). Asking sooner than that
counts against the organisation and makes the wait longer.
"""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_attempt

from shared.errors import ConnectorError
from shared.http import AnswerTooLargeError, json_object, read

_TRIES = 4
_RETRIED = frozenset({429, 503, 504})
_LONGEST_WAIT_SECONDS = 5.0
_POLICY_MESSAGE = "application access policy"


class Graph:
    """Requests to Graph as the app, in any tenant."""

    def __init__(self, http: httpx.Client, token: Callable[[str], str], sleep: Callable[[float], None]) -> None:
        self._http = http
        self._token = token
        self._sleep = sleep

    def send(self, tenant: str, method: str, url: str, *, body: Mapping[str, Any] | None = None) -> httpx.Response:
        """Send a request and return its answer, whatever its status.

        A person is waiting behind most requests, so where Graph asks for a wait of more than a few seconds, its
        answer is returned at once.

        Raises:
            ConnectorError: microsoft_unavailable, no_consent.
        """
        headers = {
            "Authorization": f"Bearer {self._token(tenant)}",
            "client-request-id": str(uuid.uuid4()),
            "Prefer": "include-unknown-enum-members",
        }
        retrying = Retrying(
            stop=stop_after_attempt(_TRIES),
            wait=_wait,
            retry=retry_if_result(_is_worth_a_wait),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
            sleep=self._sleep,
        )
        try:
            answer: httpx.Response = retrying(read, self._http, method, url, headers=headers, json=body)
        except (httpx.HTTPError, AnswerTooLargeError) as failed:
            raise ConnectorError("microsoft_unavailable") from failed
        return answer


def checked(answer: httpx.Response) -> Mapping[str, Any]:
    """The answer's JSON, if it is a success; else the error of the catalogue that it means.

    Raises:
        ConnectorError: meeting_access_policy, meeting_refused, microsoft_unavailable, microsoft_throttled.
    """
    if answer.is_success:
        body = json_object(answer) if answer.content else {}
        if body is None:
            raise ConnectorError("microsoft_unavailable")
        return body
    if answer.status_code == httpx.codes.FORBIDDEN and _POLICY_MESSAGE in answer.text.lower():
        raise ConnectorError("meeting_access_policy")
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        raise ConnectorError("microsoft_throttled", retry_after=_asked(answer))
    if answer.status_code in _RETRIED or answer.is_server_error:
        raise ConnectorError("microsoft_unavailable", retry_after=_asked(answer))
    raise ConnectorError("meeting_refused", status=str(answer.status_code))


def error_message(answer: httpx.Response) -> str:
    """Graph's own sentence in an error; empty if there is none."""
    error = (json_object(answer) or {}).get("error")
    message = error.get("message") if isinstance(error, dict) else None
    return message if isinstance(message, str) else ""


def _is_worth_a_wait(answer: httpx.Response) -> bool:
    return answer.status_code in _RETRIED and (_asked(answer) or 0) <= _LONGEST_WAIT_SECONDS


def _wait(state: RetryCallState) -> float:
    answer = state.outcome.result() if state.outcome else None
    asked = _asked(answer) if answer is not None else None
    return 0.5 * 2.0**state.attempt_number if asked is None else float(asked)


def _asked(answer: httpx.Response) -> int | None:
    """For how many seconds Graph wants to be left alone, if it says so."""
    asked = answer.headers.get("Retry-After", "")
    return int(asked[:6]) if asked.isdecimal() else None

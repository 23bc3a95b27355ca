"""Speaking FHIR R4 over HTTP: reading, finding, creating once, and changing what nobody else changed meanwhile.

FHIR R4, "RESTful API": `If-Match` with the version that was read (3.1.0.1.5), conditional create (3.1.0.8.1).
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import httpx

from shared.clock import Clock
from shared.ehr.answers import MAINTENANCE, NotToldError, given_up, refused
from shared.http import json_object
from shared.visits.ports import Told

Resource = dict[str, Any]
Operations = Sequence[Mapping[str, Any]]
"""A JSON Patch (RFC 6902)."""
Send = Callable[..., httpx.Response]
"""Sends one request with whatever the server wants of a caller: method, URL, and arguments of httpx."""

FHIR_JSON = "application/fhir+json"
_JSON_PATCH = "application/json-patch+json"
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_WITH_MEANING = re.compile(r"[\\$,|]")
_OTHER_VERSION = frozenset({409, 412})
_TRIES = 4


class FhirRest:
    """One server, as one connection reaches it. Every call may raise `shared.ehr.answers.FAILURES`."""

    def __init__(self, send: Send, base_url: str, now: Clock, passing: Collection[int] = ()) -> None:
        self._send = send
        self._base = base_url
        self._now = now
        self._passing = passing

    def read(self, kind: str, identifier: str) -> tuple[Resource, str]:
        """A resource and its version as an ETag.

        Raises:
            NotToldError: besides what the server refuses: `not a resource of type …`, `no version`.
        """
        answer = self._send("GET", f"{self._base}/{kind}/{identifier}", headers={"Accept": FHIR_JSON})
        resource = self._object(answer)
        if resource.get("resourceType") != kind:
            raise NotToldError(given_up(f"not a resource of type {kind}"))
        etag = answer.headers.get("ETag") or _etag_of(resource)
        if not etag:
            raise NotToldError(given_up("no version"))
        return resource, etag

    def search(self, kind: str, **parameters: str) -> Sequence[Resource]:
        """Up to two of the resources of a type that a search finds: enough to know whether there is just one."""
        query = urlencode({**parameters, "_count": "2"})
        answer = self._send("GET", f"{self._base}/{kind}?{query}", headers={"Accept": FHIR_JSON})
        found = [entry.get("resource") for entry in objects(self._object(answer), "entry")]
        return [one for one in found if isinstance(one, dict) and one.get("resourceType") == kind]

    def only(self, kind: str, **parameters: str) -> str:
        """The id of the one resource that a search finds. Raises NotToldError: `… not found`, `… not unique`."""
        found = self.search(kind, **parameters)
        if len(found) != 1 or not is_id(identifier := str(found[0].get("id"))):
            raise NotToldError(given_up(f"{kind} not unique" if found else f"{kind} not found"))
        return identifier

    def create_once(self, resource: Resource, condition: Mapping[str, str]) -> None:
        """Create a resource unless one that meets the condition is there already.

        412 says that several are there: a server that does not know the condition has made more than one.
        """
        headers = {"Accept": FHIR_JSON, "Content-Type": FHIR_JSON, "If-None-Exist": urlencode(condition)}
        answer = self._send("POST", f"{self._base}/{resource['resourceType']}", json=resource, headers=headers)
        if answer.status_code != httpx.codes.PRECONDITION_FAILED:
            self._accepted(answer)

    def change(self, kind: str, identifier: str, wanted: Callable[[Resource], Resource | Operations | None]) -> None:
        """Change a resource in the version that was read; if somebody else was faster, read and try anew.

        Args:
            kind: its type.
            identifier: its id.
            wanted: from the resource as it is to what it shall be, or to the operations that lead there; None if
                it is as it shall be.
        """
        status = 0
        for _ in range(_TRIES):
            resource, etag = self.read(kind, identifier)
            body = wanted(resource)
            if body is None:
                return
            answer = self._write(f"{self._base}/{kind}/{identifier}", etag, body)
            status = answer.status_code
            if status not in _OTHER_VERSION:
                self._accepted(answer)
                return
        raise NotToldError(Told(delivered=False, retry=True, reason=f"HTTP {status}"))

    def _write(self, url: str, etag: str, body: Resource | Operations) -> httpx.Response:
        method, content_type = ("PUT", FHIR_JSON) if isinstance(body, dict) else ("PATCH", _JSON_PATCH)
        headers = {"Accept": FHIR_JSON, "Content-Type": content_type, "If-Match": etag}
        return self._send(method, url, json=body, headers=headers)

    def _object(self, answer: httpx.Response) -> Resource:
        self._accepted(answer)
        body = json_object(answer)
        if body is None:
            raise NotToldError(MAINTENANCE)
        return body

    def _accepted(self, answer: httpx.Response) -> None:
        """A success may be without a body, but not a page."""
        if not answer.is_success:
            raise NotToldError(refused(answer, self._now(), passing=self._passing))
        if answer.content and json_object(answer) is None:
            raise NotToldError(MAINTENANCE)


def is_id(value: str) -> bool:
    """Whether a value can be the logical id of a resource (R4, "id"), and so part of a URL."""
    return bool(_ID.fullmatch(value)) and value not in {".", ".."}


def escaped(value: str) -> str:
    """A value as a search takes it for itself (R4, "Escaping Search Parameters"): a comma alone would mean *or*."""
    return _WITH_MEANING.sub(r"\\\g<0>", value)


def objects(resource: Mapping[str, Any], name: str) -> list[Resource]:
    """The objects of a member that should be a list of them; what is no object is left out."""
    value = resource.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def as_operations(before: Resource, after: Resource) -> Operations:
    """The members that differ, as JSON Patch: for servers that update by no other way."""
    return [
        {"op": "replace" if name in before else "add", "path": f"/{name}", "value": value}
        for name, value in after.items()
        if before.get(name) != value
    ]


def _etag_of(resource: Resource) -> str:
    meta = resource.get("meta")
    version = meta.get("versionId") if isinstance(meta, dict) else None
    return f'W/"{version}"' if isinstance(version, str) and is_id(version) else ""

"""The URL doctor: says what was asked, what came back, and what to change.

Reads SMART configuration (SMART App Launch 2.2, `.well-known/smart-configuration`) and the capability
statement (FHIR R4 `/metadata`).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from shared.connections.base_url import is_refused, normalise, proposals
from shared.connections.ports import Fetched, Probe
from shared.errors import Language
from shared.identifiers import Environment

_CATALOGUE = Path(__file__).parents[1] / "messages" / "findings.json"
_NEEDED_ENDPOINTS = ("authorization_endpoint", "token_endpoint")
_NEEDED_CAPABILITIES = ("launch-ehr", "launch-standalone", "client-confidential-asymmetric")


class Severity(StrEnum):
    """How much a finding matters."""

    FINE = "fine"
    REPAIRED = "repaired"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """One thing found: what was asked, and what came back."""

    code: str
    asked: str = ""
    came_back: str = ""

    @property
    def severity(self) -> Severity:
        """How much it matters."""
        return Severity(findings_catalogue()[self.code]["severity"])

    def sentence(self, language: Language) -> str:
        """What it means."""
        return str(findings_catalogue()[self.code][language]["said"])

    def change(self, language: Language) -> str:
        """What to change; empty if nothing."""
        return str(findings_catalogue()[self.code][language]["change"])


@dataclass(frozen=True)
class Checkup:
    """The doctor's answer. `url` is what to store; `proposal` a better URL that answers, if there is one."""

    url: str
    findings: tuple[Finding, ...]
    proposal: str = ""

    @property
    def is_well(self) -> bool:
        """Whether launches can work."""
        return bool(self.url) and not any(finding.severity is Severity.PROBLEM for finding in self.findings)

    @property
    def refusal(self) -> str:
        """The code of the first reason why the URL cannot be stored at all; empty if it can."""
        return next(
            (finding.code for finding in self.findings if not self.url and finding.severity is Severity.PROBLEM),
            "",
        )


@cache
def findings_catalogue() -> Mapping[str, Any]:
    """All findings, by code."""
    found: Mapping[str, Any] = json.loads(_CATALOGUE.read_text(encoding="utf-8"))
    return found


@dataclass(frozen=True)
class Doctor:
    """What the doctor works with."""

    probe: Probe
    allow_loopback: bool

    def check(self, text: str, environment: Environment) -> Checkup:
        """Examine what somebody typed as FHIR base URL. Never raises: everything is a finding."""
        base = normalise(text, allow_loopback=self.allow_loopback)
        repairs = tuple(Finding(code, asked=text.strip()[:200]) for code in base.repairs)
        if not base.url:
            return Checkup("", (*repairs, *(Finding(code, asked=text.strip()[:200]) for code in base.refusals)))
        findings = self._examine(base.url, environment)
        if any(finding.severity is Severity.PROBLEM for finding in findings):
            for proposal in proposals(base.url):
                if not any(one.severity is Severity.PROBLEM for one in self._examine(proposal, environment)):
                    better = Finding("r4_missing", asked=base.url, came_back=proposal)
                    return Checkup(base.url, (*repairs, *findings, better), proposal)
        return Checkup(base.url, (*repairs, *findings))

    def _examine(self, url: str, environment: Environment) -> tuple[Finding, ...]:
        smart = self.probe.fetch(f"{url}/.well-known/smart-configuration", environment)
        smart_findings = self._of_smart(url, smart)
        if smart.problem and smart.problem != "not_json":
            return smart_findings
        return (*smart_findings, *_of_metadata(self.probe.fetch(f"{url}/metadata", environment)))

    def _of_smart(self, base_url: str, fetched: Fetched) -> tuple[Finding, ...]:
        trouble = _trouble(fetched)
        if trouble:
            return (trouble,)
        body = fetched.body or {}
        missing = [name for name in _NEEDED_ENDPOINTS if not self._is_usable(base_url, body.get(name))]
        if missing:
            return (Finding("smart_incomplete", fetched.url, ", ".join(missing)),)
        found = [Finding("smart_read", fetched.url, str(fetched.status))]
        if "S256" not in _strings(body.get("code_challenge_methods_supported")):
            found.append(Finding("no_s256", fetched.url))
        capabilities = _strings(body.get("capabilities"))
        lacking = [name for name in _NEEDED_CAPABILITIES if name not in capabilities]
        if lacking:
            found.append(Finding("capabilities_missing", fetched.url, ", ".join(lacking)))
        return tuple(found)

    def _is_usable(self, base_url: str, endpoint: object) -> bool:
        """Whether a launch would be sent to an endpoint; it may be relative to the base URL."""
        if not isinstance(endpoint, str) or not endpoint:
            return False
        try:
            url = urljoin(f"{base_url}/", endpoint)
        except ValueError:
            return False
        return not is_refused(url, allow_loopback=self.allow_loopback)


def _of_metadata(fetched: Fetched) -> tuple[Finding, ...]:
    trouble = _trouble(fetched)
    if trouble:
        return (trouble,)
    body = fetched.body or {}
    if body.get("resourceType") != "CapabilityStatement":
        return (Finding("not_capability_statement", fetched.url, str(body.get("resourceType", ""))[:60]),)
    version = str(body.get("fhirVersion", ""))[:20]
    if not version.startswith("4.0"):
        return (Finding("not_r4", fetched.url, version),)
    return (Finding("metadata_read", fetched.url, version),)


def _trouble(fetched: Fetched) -> Finding | None:
    if fetched.problem:
        return Finding(fetched.problem, fetched.url, str(fetched.status or ""))
    if fetched.status != 200:  # noqa: PLR2004 - HTTP's own number
        return Finding("http_status", fetched.url, str(fetched.status))
    return None


def _strings(value: object) -> Sequence[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []

"""An administrator's consent to the connector's application permissions.

Microsoft identity platform, "Admin consent": the redirect names a tenant, which proves nothing. So a consent belongs
to the administrator who began it, by a sealed cookie of that browser, and what was consented to is read from a token
that Entra gives the application in that administrator's own tenant.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.clock import Clock
from shared.errors import ConnectorError
from shared.identifiers import Geography, TenantKey
from shared.microsoft.entra import Entra
from shared.sealing import SealBrokenError, Sealer

_SECONDS = 15 * 60
_SEALED_AS = "admin consent"
_STATE_BYTES = 32
PERMISSIONS = {
    "OnlineMeetings.ReadWrite.All": True,
    "OnlineMeetingArtifact.Read.All": True,
    "User.ReadBasic.All": True,
    "CallRecords.Read.All": False,
}
"""Application permissions of Graph, and whether the connector cannot do without. `infra/entra` asks for the same."""


class _Session(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    tenant: str
    state: str
    expires: float


@dataclass(frozen=True)
class Permission:
    """One permission: whether it is needed, and whether it was consented to."""

    name: str
    needed: bool
    granted: bool


@dataclass(frozen=True)
class ConsentStart:
    """Where the administrator's browser goes, and the sealed state that it must bring back within some seconds."""

    url: str
    state: str
    cookie: str
    seconds: int


@dataclass(frozen=True)
class Consents:
    """What consent is asked for and looked at with."""

    entra: Entra
    sealer: Sealer
    geography: Geography
    now: Clock
    redirect_uri: str

    def permissions(self, tenant: TenantKey) -> Sequence[Permission]:
        """What the tenant has consented to, as Entra says now. Raises microsoft_unavailable."""
        granted = self.entra.granted(tenant.tenant)
        return [Permission(name, needed, name in granted) for name, needed in PERMISSIONS.items()]

    def start(self, tenant: TenantKey) -> ConsentStart:
        """An administrator goes to Microsoft to consent, in their own tenant and in no other."""
        state = secrets.token_urlsafe(_STATE_BYTES)
        session = _Session(tenant=tenant.tenant, state=state, expires=self.now().timestamp() + _SECONDS)
        url = self.entra.consent_url(tenant.tenant, self.redirect_uri, state)
        return ConsentStart(url, state, self.sealer.seal(_SEALED_AS, session.model_dump_json()), _SECONDS)

    def finish(self, cookie: str, state: str) -> bool:
        """Back from Microsoft: whether all that is needed is there, in the tenant of who began.

        Raises:
            ConnectorError: launch_not_started if this browser began nothing, microsoft_unavailable.
        """
        try:
            session = _Session.model_validate_json(self.sealer.open(_SEALED_AS, cookie))
        except (SealBrokenError, ValidationError):
            raise ConnectorError("launch_not_started") from None
        if session.state != state or session.expires <= self.now().timestamp():
            raise ConnectorError("launch_not_started")
        return is_complete(self.permissions(TenantKey(self.geography, session.tenant)))


def is_complete(permissions: Sequence[Permission]) -> bool:
    """Whether everything that is needed was consented to."""
    return all(one.granted for one in permissions if one.needed)

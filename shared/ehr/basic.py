"""Calls as a system user with a password, for Epic sites without backend OAuth 2.0.

HTTP Basic (RFC 7617) of `emp$` and the user, and `Epic-Client-ID`, which every call without OAuth must carry. Some
sites want `Epic-User-ID` and its type for their audit beside it.
"""

from functools import partial
from typing import Any

import httpx

from shared.ehr.answers import NotToldError, given_up
from shared.ehr.fhir_rest import Send
from shared.ehr.kinds import Addressee
from shared.ehr_secrets import Secrets, SecretsUnavailableError, secret_name
from shared.http import read
from shared.settings import Settings
from shared.visits.ports import Told


class BasicCalls:
    """Makes calls with the password of their connection."""

    def __init__(self, http: httpx.Client, secrets: Secrets, settings: Settings) -> None:
        self._http = http
        self._secrets = secrets
        self._settings = settings

    def sender(self, to: Addressee) -> Send:
        """What makes calls for one connection.

        Raises:
            NotToldError: `user name missing`, `secret missing`; and to be tried again, `secret unavailable`.
        """
        call = to.settings.status_call
        if not call.user:
            raise NotToldError(given_up("user name missing"))
        try:
            password = self._secrets.read(secret_name(to.key))
        except SecretsUnavailableError as failed:
            raise NotToldError(Told(delivered=False, retry=True, reason="secret unavailable")) from failed
        if password is None:
            raise NotToldError(given_up("secret missing"))
        headers = {"Epic-Client-ID": self._settings.ehr_client_id(to.content.environment)}
        if call.audit_user:
            headers["Epic-User-ID"] = call.audit_user
        if call.audit_user_type:
            headers["Epic-User-IDType"] = call.audit_user_type
        return partial(self._send, httpx.BasicAuth(f"emp${call.user}", password), headers)

    def _send(
        self, auth: httpx.BasicAuth, own: dict[str, str], method: str, url: str, **arguments: Any
    ) -> httpx.Response:
        headers = {**arguments.pop("headers", {}), **own}
        return read(self._http, method, url, headers=headers, auth=auth, **arguments)

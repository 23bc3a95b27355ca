"""All settings, in one place. `docs/settings.md` and `local.settings.sample.json` list the same set."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AnyHttpUrl, Field, StringConstraints, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.identifiers import Environment, Geography

_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
Guid = Annotated[str, StringConstraints(to_lower=True, pattern=f"^{_GUID}$")]


class Settings(BaseSettings):
    """What the connector must be told from outside. Read once per process, by `wiring`."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    geography: Geography = Field(description="Where this stamp keeps its tenants' data: amer, emea or apac.")
    public_base_url: AnyHttpUrl = Field(
        description="Origin at which EHRs, browsers and Microsoft Graph reach these functions."
    )
    portal_base_url: AnyHttpUrl = Field(description="Origin of the administrator's portal.")

    frame_ancestors: Annotated[
        str, StringConstraints(pattern=r"^(https://[a-zA-Z0-9.*-]+(:\d+)?)?( https://[a-zA-Z0-9.*-]+(:\d+)?)*$")
    ] = Field(
        default="",
        description="Origins, with spaces between, that may show our pages in a frame (an EHR's side pane).",
    )

    storage_connection: str = Field(
        default="", description="Storage connection string; only for Azurite. In Azure use the account name."
    )
    storage_account_name: str = Field(
        default="",
        alias="STORAGE_CONNECTION__accountName",
        description="Storage account reached with the managed identity.",
    )
    storage_table_uri: str = Field(
        default="",
        alias="STORAGE_CONNECTION__tableServiceUri",
        description="The account's endpoint for tables, where it is not the public cloud's.",
    )
    storage_queue_uri: str = Field(
        default="",
        alias="STORAGE_CONNECTION__queueServiceUri",
        description="The account's endpoint for queues, where it is not the public cloud's.",
    )
    storage_blob_uri: str = Field(
        default="",
        alias="STORAGE_CONNECTION__blobServiceUri",
        description="The account's endpoint for blobs, where it is not the public cloud's.",
    )

    entra_authority: AnyHttpUrl = Field(
        default=AnyHttpUrl("https://login.microsoftonline.com"),
        description="Sign-in authority of the Microsoft cloud.",
    )
    graph_base_url: AnyHttpUrl = Field(
        default=AnyHttpUrl("https://graph.microsoft.com/v1.0"), description="Microsoft Graph, v1.0."
    )
    graph_beta_base_url: AnyHttpUrl = Field(
        default=AnyHttpUrl("https://graph.microsoft.com/beta"),
        description="Microsoft Graph, beta: only for subscriptions to a meeting's call events.",
    )
    graph_scope: str = Field(
        default="https://graph.microsoft.com/.default", description="Scope of the token for Graph."
    )
    graph_publisher_app_id: Guid = Field(
        default="0bf30f3b-4a52-48df-9a82-234910c4a086",
        description="Application id that signs change notifications (Microsoft Graph Change Tracking).",
    )
    api_client_id: Guid = Field(description="Client id of the connector's multi-tenant app registration.")
    managed_identity_client_id: Guid = Field(
        description="Client id of the user-assigned managed identity that is the app's federated credential."
    )
    token_exchange_audience: str = Field(
        default="api://AzureADTokenExchange",
        description="Audience of the federated credential; another in each Microsoft cloud.",
    )

    ehr_client_id_test: str = Field(description="Client id that the EHR vendor issued for non-production.")
    ehr_client_id_production: str = Field(description="Client id that the EHR vendor issued for production.")
    allow_loopback_ehr: bool = Field(
        default=False,
        description="Lets an EHR be on http and on this machine. Refused in Azure.",
    )
    key_vault_url: AnyHttpUrl | None = Field(default=None, description="The key vault that holds the stamp's keys.")
    local_key_directory: Path | None = Field(
        default=None, description="Folder for keys made on first use. For local work only; refused in Azure."
    )

    rejoin_debounce_seconds: float = Field(
        default=20, ge=0, le=300, description="A participant back within this time never left."
    )
    visit_hours: float = Field(
        default=12, gt=0, le=72, description="Hours after its first launch at which a visit is over."
    )
    reconcile_after_minutes: float = Field(
        default=10, gt=0, le=60, description="Minutes after a call at which its reports are asked for first."
    )
    quiet_minutes: float = Field(
        default=30, ge=0, description="Minutes with nobody in the meeting after which a visit is settled."
    )

    departed_tenants: Annotated[str, StringConstraints(to_lower=True, pattern=rf"^({_GUID}( {_GUID})*)?$")] = Field(
        default="",
        description="Tenant ids, with spaces between, whose data are deleted: of those who cannot sign in any more.",
    )

    website_instance_id: str = Field(
        default="", description="Set by Azure, never by you: tells that this runs in Azure."
    )

    @model_validator(mode="after")
    def _local_conveniences_stay_local(self) -> Self:
        if self.website_instance_id and (self.allow_loopback_ehr or self.local_key_directory):
            raise ValueError("ALLOW_LOOPBACK_EHR and LOCAL_KEY_DIRECTORY are for local work and refused in Azure")
        return self

    @model_validator(mode="after")
    def _storage_and_keys_are_named(self) -> Self:
        uris = (self.storage_table_uri, self.storage_queue_uri, self.storage_blob_uri)
        if any(uris) and not all(uris):
            raise ValueError(
                "set all three of STORAGE_CONNECTION__tableServiceUri, __queueServiceUri, __blobServiceUri"
            )
        if not (self.storage_connection or self.storage_account_name or all(uris)):
            raise ValueError(
                "set STORAGE_CONNECTION__accountName or STORAGE_CONNECTION__tableServiceUri and its two likes, "
                "or STORAGE_CONNECTION for Azurite"
            )
        if self.key_vault_url and (self.local_key_directory or self.storage_connection):
            raise ValueError("KEY_VAULT_URL goes with neither LOCAL_KEY_DIRECTORY nor STORAGE_CONNECTION")
        if self.website_instance_id and not self.key_vault_url:
            raise ValueError("KEY_VAULT_URL must be set in Azure")
        return self

    def storage_endpoint(self, service: Literal["table", "queue", "blob"]) -> str:
        """The account's endpoint for a service, as the Functions host finds it with the same settings."""
        uris = {"table": self.storage_table_uri, "queue": self.storage_queue_uri, "blob": self.storage_blob_uri}
        return uris[service] or f"https://{self.storage_account_name}.{service}.core.windows.net"

    def ehr_client_id(self, environment: Environment) -> str:
        """The client id under which the EHR of that environment knows the connector."""
        if environment is Environment.PRODUCTION:
            return self.ehr_client_id_production
        return self.ehr_client_id_test

    def public_url(self, path: str) -> str:
        """The absolute URL of one of our own routes, given with its leading slash."""
        return str(self.public_base_url).rstrip("/") + path

    def portal_url(self, path: str) -> str:
        """The absolute URL of a page of the portal, given with its leading slash."""
        return str(self.portal_base_url).rstrip("/") + path

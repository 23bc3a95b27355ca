/** What the pretend Microsoft is told when it starts, and the addresses that follow from it. */
import { type Arguments, addressSetting } from "../common/process.ts";

export interface Settings {
  /** Every URL of this stand-in begins with it. */
  readonly origin: string;
  readonly connectorUrl: string;
  readonly portalUrl: string;
}

export function readSettings(options: Arguments): Settings {
  return {
    origin: addressSetting("MICROSOFT_URL", options.origin),
    connectorUrl: addressSetting("CONNECTOR_URL", "http://localhost:7071"),
    portalUrl: addressSetting("PORTAL_URL", "http://localhost:7070"),
  };
}

export const GRAPH_RESOURCE = "https://graph.microsoft.com";
export const EXCHANGE_AUDIENCE = "api://AzureADTokenExchange";
/** "Microsoft Graph Change Tracking", the publisher of validation tokens. */
export const CHANGE_TRACKING_APP_ID = "0bf30f3b-4a52-48df-9a82-234910c4a086";
/** The application permissions that the pretend admins have consented to. */
export const GRAPH_ROLES = [
  "OnlineMeetings.ReadWrite.All",
  "OnlineMeetingArtifact.Read.All",
  "CallRecords.Read.All",
  "User.ReadBasic.All",
] as const;

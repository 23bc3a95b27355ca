/** One environment of the hospital (test or production): its addresses, its records, its launches, its calls. */
import { cast } from "../common/cast.ts";
import { Channel } from "../common/events.ts";
import { Launches } from "./launches.ts";
import type { IntegrationRecord, RecordKind } from "./records.ts";
import { StatusCalls } from "./status-log.ts";

export const ENVIRONMENTS = ["test", "production"] as const;
export type EnvironmentName = (typeof ENVIRONMENTS)[number];

const PREFIXES: Readonly<Record<EnvironmentName, string>> = {
  test: "/interconnect-test-oauth",
  production: "/interconnect-prd-oauth",
};

// Epic's key set stands under an odd path, and its number differs between documents: clients must discover it.
const KEY_SET_PATH = "/api/epic/2019/Security/Open/PublicKeys/530027/OIDC";

export class Environment {
  readonly name: EnvironmentName;
  readonly origin: string;
  readonly prefix: string;
  readonly clientId: string;
  readonly connectorUrl: string;
  readonly records = new Map<RecordKind, IntegrationRecord>();
  readonly launches = new Launches();
  readonly calls: StatusCalls;
  /** What live pages follow: each change of a participant's state. */
  readonly live = new Channel();
  started = Date.now();

  constructor(name: EnvironmentName, origin: string, connectorUrl: string) {
    this.name = name;
    this.origin = origin;
    this.connectorUrl = connectorUrl;
    this.prefix = PREFIXES[name];
    const { ehrClientIdTest, ehrClientIdProduction } = cast.applications;
    this.clientId = name === "test" ? ehrClientIdTest : ehrClientIdProduction;
    this.calls = new StatusCalls(this.live);
  }

  /** As it is published in Epic's directory: with the slash. */
  get fhirBaseUrl(): string {
    return `${this.origin}${this.prefix}/api/FHIR/R4/`;
  }

  /** As it is sent in launches: without the slash. */
  get launchIssuer(): string {
    return this.fhirBaseUrl.slice(0, -1);
  }

  /** The issuer of id tokens: not the FHIR base URL. */
  get issuer(): string {
    return `${this.origin}${this.prefix}/oauth2`;
  }

  get tokenUrl(): string {
    return `${this.issuer}/token`;
  }

  get keySetPath(): string {
    return `${this.prefix}${KEY_SET_PATH}`;
  }

  /** Where the connector publishes its public keys for this environment. */
  get clientKeysUrl(): string {
    return `${this.connectorUrl}/api/keys/${this.name}/jwks.json`;
  }

  get redirectUris(): string[] {
    return [`${this.connectorUrl}/api/launch/callback`, `${this.connectorUrl}/api/ehr-sign-in/callback`];
  }

  reset(): void {
    this.records.clear();
    this.launches.clear();
    this.calls.clear();
    this.started = Date.now();
    this.live.send("reset", {});
  }
}

export function environmentName(value: unknown): EnvironmentName | undefined {
  return ENVIRONMENTS.find((name) => name === value);
}

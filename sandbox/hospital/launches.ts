/** Launch tokens of EHR launches (SMART App Launch 2.2.0, 3.1): long, opaque, single use, five minutes. */
import { randomBytes } from "node:crypto";
import type { Appointment, EhrUser, Patient } from "../common/cast.ts";
import type { IntegrationRecord } from "./records.ts";

const LIFETIME_MS = 5 * 60_000;
const TOKEN_BYTES = 330;

export const LAUNCH_ERRORS = ["access_denied", "invalid_launch_token", "unauthorized_client"] as const;
export type LaunchError = (typeof LAUNCH_ERRORS)[number];

/** What a test wants to be odd about one launch. */
export interface Overrides {
  /** No session id anywhere: neither the record's context nor appointment and encounter. */
  readonly omitContext?: boolean;
  readonly iss?: string;
  readonly error?: LaunchError;
  /** Replaces members of the token response; null takes one away. */
  readonly context?: Readonly<Record<string, unknown>>;
  /** Replaces claims; `omit` and `badSignature` are instructions. */
  readonly idToken?: Readonly<Record<string, unknown>> & {
    readonly omit?: readonly string[];
    readonly badSignature?: boolean;
  };
}

/** Who launches what: exactly one of `user` and `patient` is there. */
export interface Launch {
  readonly user: EhrUser | undefined;
  readonly patient: Patient | undefined;
  readonly appointment: Appointment;
  readonly record: IntegrationRecord;
  readonly overrides: Overrides;
}

interface Issued {
  readonly launch: Launch;
  readonly expires: number;
}

export class Launches {
  readonly #issued = new Map<string, Issued>();
  /** Launches that were authorised, by the grant under which their code and tokens were issued. */
  readonly #granted = new Map<string, Launch>();

  clear(): void {
    this.#issued.clear();
    this.#granted.clear();
  }

  issue(launch: Launch): string {
    const now = Date.now();
    for (const [token, { expires }] of this.#issued) {
      if (expires < now) {
        this.#issued.delete(token);
      }
    }
    const token = randomBytes(TOKEN_BYTES).toString("base64url");
    this.#issued.set(token, { launch, expires: now + LIFETIME_MS });
    return token;
  }

  /** The launch of a token, once. */
  take(token: string): Launch | undefined {
    const issued = this.#issued.get(token);
    this.#issued.delete(token);
    return issued !== undefined && issued.expires >= Date.now() ? issued.launch : undefined;
  }

  grant(grantId: string, launch: Launch): void {
    this.#granted.set(grantId, launch);
  }

  granted(grantId: string): Launch | undefined {
    return this.#granted.get(grantId);
  }
}

/** The address that the button in the EHR opens. */
export function launchUrl(record: IntegrationRecord, iss: string, token: string): string {
  const url = new URL(record.launchUrl);
  url.searchParams.set("iss", iss);
  url.searchParams.set("launch", token);
  return url.href;
}

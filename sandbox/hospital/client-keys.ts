/** The connector's assertions and keys, judged as Epic does (SMART 2.2.0, asymmetric client authentication). */
import { errors, type JsonValue } from "oidc-provider";
import type { Environment } from "./environment.ts";

const LONGEST_SECONDS = 5 * 60;
const LONGEST_JTI = 151;
/** Clocks of two machines differ a little. */
const TOLERANCE_SECONDS = 5;
/** Epic keeps a key set for at most 29 hours, whatever the header says. */
const LONGEST_CACHE_SECONDS = 29 * 3_600;
/** Less than the connector waits for its token; oidc-provider's own 2.5 seconds are short on a busy machine. */
const FETCH_MS = 8_000;

type Claims = Readonly<Record<string, JsonValue>>;

function refusal(claims: Claims, header: Claims, environment: Environment, now: number): string | undefined {
  const { aud, exp, iat, nbf, jti, sub } = claims;
  const audiences = Array.isArray(aud) ? aud : [aud];
  if (audiences.length !== 1 || audiences[0] !== environment.tokenUrl) {
    return "aud must be the token URL and nothing else";
  }
  if (sub !== environment.clientId) {
    return "sub must be the client id";
  }
  if (typeof jti !== "string" || jti.length > LONGEST_JTI) {
    return `jti must be a text of at most ${LONGEST_JTI} characters`;
  }
  if (typeof exp !== "number" || exp > now + LONGEST_SECONDS + TOLERANCE_SECONDS) {
    return "exp must be at most five minutes ahead";
  }
  if (typeof iat === "number" && exp - iat > LONGEST_SECONDS) {
    return "exp must be at most five minutes after iat";
  }
  for (const [name, value] of Object.entries({ iat, nbf })) {
    if (value !== undefined && (typeof value !== "number" || value > now + TOLERANCE_SECONDS)) {
      return `${name} must be a time that is not in the future`;
    }
  }
  if (header.typ !== "JWT" || typeof header.kid !== "string") {
    return "the header must have typ JWT and a kid";
  }
  if (header.jku !== undefined && header.jku !== environment.clientKeysUrl) {
    return "jku must be the registered address of the keys";
  }
  return undefined;
}

/** What oidc-provider does not check by itself; signature, algorithm, iss and replay it has checked. */
export function checkAssertion(claims: Claims, header: Claims, environment: Environment): void {
  const why = refusal(claims, header, environment, Math.floor(Date.now() / 1_000));
  if (why !== undefined) {
    throw new errors.InvalidClientAuth(why);
  }
}

/** The key store that oidc-provider hangs on a client with a jwks_uri. */
interface ClientKeyStore {
  freshUntil?: number;
  clear(): void;
}

/**
 * Keeps the connector's keys as long as their headers allow, and fetches at most once per assertion: oidc-provider
 * alone would refuse a new key for a minute, and would go on using a known key of a set that has expired.
 */
export class ClientKeys {
  #freshUntil = 0;

  /** The `fetch` of oidc-provider; its own dispatcher refuses loopback addresses, which is all there is here. */
  readonly fetch = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const { dispatcher: _, ...rest } = (init ?? {}) as RequestInit & { dispatcher?: unknown };
    this.#freshUntil = 0;
    const response = await fetch(url, { ...rest, redirect: "error", signal: AbortSignal.timeout(FETCH_MS) });
    if (response.status === 200) {
      this.#freshUntil = Date.now() + cacheSeconds(response.headers) * 1_000;
    }
    return response;
  };

  /**
   * Before each assertion: expired keys are dropped, and one fetch is allowed, which happens only if no kept key
   * fits. So a new key works from its first assertion on, and no assertion causes two fetches.
   */
  prepare(client: object): void {
    const { asymmetricKeyStore } = client as { asymmetricKeyStore: ClientKeyStore };
    if (Date.now() >= this.#freshUntil) {
      asymmetricKeyStore.clear();
    }
    asymmetricKeyStore.freshUntil = 0;
  }

  reset(): void {
    this.#freshUntil = 0;
  }
}

function cacheSeconds(headers: Headers): number {
  const control = headers.get("cache-control") ?? "";
  if (/\bno-(store|cache)\b/.test(control)) {
    return 0;
  }
  const maxAge = /\bmax-age=(\d+)/.exec(control)?.[1];
  return Math.min(Number(maxAge ?? 60), LONGEST_CACHE_SECONDS);
}

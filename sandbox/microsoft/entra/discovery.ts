/** Discovery documents and keys in Entra's shapes (OpenID Connect Discovery 1.0, with `{tenantid}` in the issuer). */
import type { JWK } from "jose";
import { API_SCOPES } from "./provider.ts";
import type { EntraTenant, Tenants } from "./tenants.ts";

export const SHARED_AUTHORITIES = ["organizations", "common"] as const;

export function discovery(origin: string, authority: string, tenant: EntraTenant | undefined): object {
  const base = `${origin}/entra/${authority}`;
  return {
    token_endpoint: `${base}/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: ["private_key_jwt", "none"],
    jwks_uri: `${base}/discovery/v2.0/keys`,
    response_modes_supported: ["query", "fragment", "form_post"],
    subject_types_supported: ["pairwise"],
    id_token_signing_alg_values_supported: ["RS256"],
    response_types_supported: ["code"],
    scopes_supported: ["openid", "profile", "email", "offline_access", ...API_SCOPES],
    issuer: tenant?.issuer ?? `${origin}/entra/{tenantid}/v2.0`,
    request_uri_parameter_supported: false,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    end_session_endpoint: `${base}/oauth2/v2.0/logout`,
    code_challenge_methods_supported: ["S256"],
    claims_supported: [
      "sub",
      "iss",
      "aud",
      "exp",
      "iat",
      "nonce",
      "preferred_username",
      "name",
      "tid",
      "oid",
      "ver",
    ],
  };
}

/** The older document: tokens of version 1.0 name another issuer, the keys are the same. */
export function discoveryV1(origin: string, authority: string, tenant: EntraTenant | undefined): object {
  return {
    ...discovery(origin, authority, tenant),
    issuer: `https://sts.windows.net/${tenant?.id ?? "{tenantid}"}/`,
  };
}

/** Each key says which issuer it signs for; a shared authority publishes those of all tenants. */
export function publishedKeys(tenants: Tenants, tenant: EntraTenant | undefined): { keys: JWK[] } {
  const shown = tenant === undefined ? tenants.all : [tenant];
  return { keys: shown.flatMap((each) => each.publishedKeys()) };
}

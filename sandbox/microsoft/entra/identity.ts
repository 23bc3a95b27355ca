/** The App Service endpoint of a managed identity (api-version 2019-08-01), as the Azure libraries call it. */
import { randomUUID } from "node:crypto";
import type { Context } from "koa";
import { cast } from "../../common/cast.ts";
import { EXCHANGE_AUDIENCE } from "../settings.ts";
import type { EntraTenant } from "./tenants.ts";

const { managedIdentityClientId, managedIdentityPrincipalId } = cast.applications;
const HEADER = "sandbox";
const LIFETIME = 24 * 3600;

/** The claims of the managed identity's token for the token exchange. */
export function managedIdentityClaims(home: EntraTenant): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000);
  return {
    aud: EXCHANGE_AUDIENCE,
    iss: home.issuer,
    sub: managedIdentityPrincipalId,
    oid: managedIdentityPrincipalId,
    azp: managedIdentityClientId,
    azpacr: "2",
    idtyp: "app",
    tid: home.id,
    uti: randomUUID(),
    ver: "2.0",
    iat: now,
    nbf: now,
    exp: now + LIFETIME,
  };
}

function refuse(ctx: Context, status: number, message: string): void {
  ctx.status = status;
  ctx.body = { statusCode: status, message, correlationId: randomUUID() };
}

export async function answerManagedIdentity(ctx: Context, home: EntraTenant): Promise<void> {
  const { resource, client_id: clientId, "api-version": version } = ctx.query;
  if (ctx.get("x-identity-header") !== HEADER) {
    refuse(ctx, 401, "The header X-IDENTITY-HEADER is missing or wrong.");
  } else if (version !== "2019-08-01") {
    refuse(ctx, 400, "The api-version is not supported.");
  } else if (clientId !== managedIdentityClientId) {
    refuse(ctx, 400, "No User Assigned or Delegated Managed Identity found for specified ClientId.");
  } else if (resource !== EXCHANGE_AUDIENCE) {
    refuse(ctx, 400, "The resource principal was not found in the tenant.");
  } else {
    const claims = managedIdentityClaims(home);
    ctx.set("Cache-Control", "no-store");
    ctx.body = {
      access_token: await home.sign(claims),
      expires_on: String(claims.exp),
      resource,
      token_type: "Bearer",
      client_id: clientId,
    };
  }
}

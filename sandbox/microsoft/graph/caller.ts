/** Who calls Graph: the bearer token, checked; what its roles allow. */
import { decodeJwt } from "jose";
import type { Context } from "koa";
import type { EntraTenant, Tenants } from "../entra/tenants.ts";
import { GRAPH_RESOURCE } from "../settings.ts";
import { GraphError } from "./errors.ts";

export interface Caller {
  readonly tenant: EntraTenant;
  readonly applicationId: string;
  readonly servicePrincipalId: string;
  readonly roles: readonly string[];
}

const unauthorized = (message: string): GraphError =>
  new GraphError(401, "InvalidAuthenticationToken", message);

export async function identifyCaller(ctx: Context, tenants: Tenants): Promise<Caller> {
  const [, token] = /^Bearer (\S+)$/i.exec(ctx.get("authorization")) ?? [];
  if (token === undefined) {
    throw unauthorized("Access token is empty.");
  }
  let issuer: unknown;
  try {
    issuer = decodeJwt(token).iss;
  } catch {
    throw unauthorized("IDX14100: JWT is not well formed.");
  }
  const tenant = tenants.all.find((candidate) => candidate.issuer === issuer);
  if (tenant === undefined) {
    throw unauthorized("Access token validation failure. Invalid issuer.");
  }
  try {
    const claims = await tenant.verify(token, { audience: GRAPH_RESOURCE });
    return {
      tenant,
      applicationId: String(claims.azp),
      servicePrincipalId: String(claims.oid),
      roles: Array.isArray(claims.roles) ? claims.roles.map(String) : [],
    };
  } catch (error) {
    throw unauthorized(`Access token validation failure. ${(error as Error).message}`);
  }
}

/** Throws 403 unless the caller has one of the roles. */
export function demandRole(caller: Caller, ...roles: readonly string[]): void {
  if (!roles.some((role) => caller.roles.includes(role))) {
    const message = `Application is missing one of the roles ${roles.join(", ")}.`;
    throw new GraphError(403, "Forbidden", message);
  }
}

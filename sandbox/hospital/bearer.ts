/** Bearer tokens (RFC 6750) and Basic (RFC 7617) on the way in: whose they are, and the 401 for whoever has none. */
import type { Context } from "koa";
import type { Environment } from "./environment.ts";
import type { AuthorisationServer } from "./oauth.ts";

export type Bearer = "system" | "user";

/** Which kind of token the request carries, if it is one of this environment's. */
export async function bearerOf(ctx: Context, { provider }: AuthorisationServer): Promise<Bearer | undefined> {
  const token = /^Bearer (\S+)$/i.exec(ctx.get("authorization"))?.[1];
  if (token === undefined) {
    return undefined;
  }
  const system = await provider.ClientCredentials.find(token);
  if (system?.isValid) {
    return "system";
  }
  const user = await provider.AccessToken.find(token);
  return user?.isValid ? "user" : undefined;
}

/** The one system user of the pretend hospital; Epic's own user names begin with `emp$` here. */
export const SYSTEM_USER = { name: "emp$VIDEOVISITS", password: "pretend:password-of-no-system" } as const;

/** Whether the request is the system user's: without OAuth, the client must say which it is in a header of its own. */
export function isSystemUser(ctx: Context, { clientId }: Environment): boolean {
  const given = /^Basic (\S+)$/i.exec(ctx.get("authorization"))?.[1] ?? "";
  const wanted = `${SYSTEM_USER.name}:${SYSTEM_USER.password}`;
  return Buffer.from(given, "base64").toString() === wanted && ctx.get("epic-client-id") === clientId;
}

export function unauthorised(ctx: Context): void {
  const given = ctx.get("authorization") !== "";
  const detail = ', error="invalid_token", error_description="The access token is not valid here."';
  ctx.status = 401;
  ctx.set("WWW-Authenticate", `Bearer realm="Interconnect"${given ? detail : ""}`);
  ctx.body = "";
}

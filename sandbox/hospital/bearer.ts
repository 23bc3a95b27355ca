/** Bearer tokens on the way in (RFC 6750): whose they are, and the 401 for whoever has none that is right. */
import type { Context } from "koa";
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

export function unauthorised(ctx: Context): void {
  const given = ctx.get("authorization") !== "";
  const detail = ', error="invalid_token", error_description="The access token is not valid here."';
  ctx.status = 401;
  ctx.set("WWW-Authenticate", `Bearer realm="Interconnect"${given ? detail : ""}`);
  ctx.body = "";
}

/** What Epic refuses before its authorisation server looks closer, and what its answers have in addition. */
import type { Context, Middleware } from "koa";
import type { KoaContextWithOIDC } from "oidc-provider";
import { readForm } from "../common/body.ts";
import type { Environment } from "./environment.ts";
import type { AuthorisationServer } from "./oauth.ts";
import { refusalPage } from "./pages/refusal.ts";
import { completeTokenResponse } from "./token-response.ts";

const withoutSlash = (url: string): string => url.replace(/\/$/, "");

function authoriseRefusal(
  params: URLSearchParams,
  posted: boolean,
  { fhirBaseUrl }: Environment,
): string | undefined {
  const aud = params.get("aud");
  if (aud === null) {
    return "aud is missing";
  }
  if (withoutSlash(aud) !== withoutSlash(fhirBaseUrl)) {
    return "aud is not the FHIR base URL of this environment";
  }
  if (!params.get("state")) {
    return "state is missing";
  }
  if (posted && !params.get("launch")) {
    return "POST is for EHR launches only";
  }
  return undefined;
}

async function authorise(ctx: Context, next: () => Promise<void>, environment: Environment): Promise<void> {
  const posted = ctx.method === "POST";
  if (posted) {
    ctx.querystring = (await readForm(ctx)).toString();
    ctx.method = "GET";
  }
  const why = authoriseRefusal(new URLSearchParams(ctx.querystring), posted, environment);
  if (why !== undefined) {
    refusalPage(ctx, environment, why);
    return;
  }
  await withoutSession(ctx, next, environment);
}

/** Who signs in is said by the launch token, or asked each time: never taken from an earlier launch's cookie. */
async function withoutSession(ctx: Context, next: () => Promise<void>, { name }: Environment): Promise<void> {
  const cookies = (ctx.req.headers.cookie ?? "").split(/;\s*/);
  ctx.req.headers.cookie = cookies.filter((one) => !one.startsWith(`hospital_${name}_session`)).join("; ");
  await next();
  withoutIssuerParameter(ctx);
}

/** Epic does not send the `iss` of RFC 9207; a client must not come to rely on it here. */
function withoutIssuerParameter(ctx: Context): void {
  const location = URL.parse(ctx.response.get("location"));
  if (location?.searchParams.has("iss")) {
    location.searchParams.delete("iss");
    ctx.set("Location", location.href);
  }
}

function tokenRefusal(ctx: Context): string | undefined {
  if (ctx.method !== "POST") {
    return "the token endpoint takes POST";
  }
  if (ctx.querystring !== "") {
    return "parameters belong into the body";
  }
  return ctx.is("application/x-www-form-urlencoded") === false ? "the body must be a form" : undefined;
}

async function token(
  ctx: Context,
  next: () => Promise<void>,
  environment: Environment,
  server: AuthorisationServer,
): Promise<void> {
  const why = tokenRefusal(ctx);
  if (why !== undefined) {
    ctx.status = 400;
    ctx.body = { error: "invalid_request", error_description: why };
    return;
  }
  const client = await server.provider.Client.find(environment.clientId);
  if (client !== undefined) {
    server.keys.prepare(client);
  }
  await next();
  if (ctx.status === 200) {
    await completeTokenResponse(ctx as unknown as KoaContextWithOIDC, environment, server.signingKey);
  }
}

/** Stands before the mounted provider: of its routes only Epic's two (and the way back from sign-in) exist. */
export function oauthGate(environment: Environment, server: AuthorisationServer): Middleware {
  const root = `${environment.prefix}/oauth2`;
  return async (ctx, next) => {
    if (ctx.path === `${root}/authorize` && ["GET", "POST"].includes(ctx.method)) {
      await authorise(ctx, next, environment);
    } else if (ctx.path.startsWith(`${root}/authorize/`)) {
      await withoutSession(ctx, next, environment);
    } else if (ctx.path === `${root}/token`) {
      await token(ctx, next, environment, server);
    } else if (!ctx.path.startsWith(`${root}/`)) {
      await next();
    }
  };
}

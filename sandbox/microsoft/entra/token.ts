/** In front of the token endpoint: federated client assertions (RFC 7523) as Entra checks them, tenants of codes. */
import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { decodeJwt, errors, SignJWT } from "jose";
import type { Context } from "koa";
import { readForm } from "../../common/body.ts";
import { cast } from "../../common/cast.ts";
import { EXCHANGE_AUDIENCE, GRAPH_RESOURCE } from "../settings.ts";
import { EntraError } from "./errors.ts";
import { API_RESOURCE, OFFLINE, vouchingKey } from "./provider.ts";
import type { EntraTenant } from "./tenants.ts";

const { apiClientId, managedIdentityPrincipalId, portalClientId } = cast.applications;
const JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/** Throws unless the assertion is what the federated credential of the API application describes. */
async function checkAssertion(home: EntraTenant, assertion: string): Promise<void> {
  let unchecked: { iss?: unknown; sub?: unknown; aud?: unknown };
  try {
    unchecked = decodeJwt(assertion);
  } catch {
    throw new EntraError("invalid_client", 50027, "JWT token is invalid or malformed.", 401);
  }
  const described = [
    [700211, "issuer", unchecked.iss, home.issuer],
    [700213, "subject", unchecked.sub, managedIdentityPrincipalId],
    [700212, "audience", unchecked.aud, EXCHANGE_AUDIENCE],
  ] as const;
  for (const [number, name, given, wanted] of described) {
    if (given !== wanted) {
      const message = `No matching federated identity record found for presented assertion ${name} '${String(given)}'.`;
      throw new EntraError("invalid_client", number, message, 401);
    }
  }
  try {
    await home.verify(assertion, { audience: EXCHANGE_AUDIENCE, subject: managedIdentityPrincipalId });
  } catch (error) {
    if (error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed) {
      throw new EntraError(
        "invalid_client",
        700024,
        "Client assertion is not within its valid time range.",
        401,
      );
    }
    throw new EntraError("invalid_client", 50013, "Assertion failed signature validation.", 401);
  }
}

async function authenticateApi(form: URLSearchParams, home: EntraTenant, tenant: EntraTenant): Promise<void> {
  if (form.has("client_secret")) {
    throw new EntraError("invalid_client", 7000215, "Invalid client secret provided.", 401);
  }
  const assertion = form.get("client_assertion");
  if (assertion === null || form.get("client_assertion_type") !== JWT_BEARER) {
    const message =
      "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
    throw new EntraError("invalid_client", 7000218, message, 401);
  }
  await checkAssertion(home, assertion);
  // Entra accepts one assertion again and again; oidc-provider wants a new one each time, from the client itself.
  const vouched = await new SignJWT({
    iss: apiClientId,
    sub: apiClientId,
    aud: tenant.issuer,
    jti: randomUUID(),
  })
    .setProtectedHeader({ alg: "RS256" })
    .setIssuedAt()
    .setExpirationTime("1m")
    .sign(vouchingKey);
  form.set("client_assertion", vouched);
}

function checkScope(form: URLSearchParams): void {
  const scope = (form.get("scope") ?? "").trim();
  if (form.get("grant_type") === "client_credentials" && scope !== `${GRAPH_RESOURCE}/.default`) {
    const known = scope.startsWith(GRAPH_RESOURCE) || scope.startsWith(API_RESOURCE);
    const message = `The provided value for scope ${scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).`;
    throw new EntraError("invalid_scope", known ? 1002012 : 70011, message);
  }
  if (form.has("scope")) {
    form.set("scope", renamedScopes(scope));
  }
}

export function renamedScopes(scope: string): string {
  return scope
    .split(" ")
    .map((name) => (name === "offline_access" ? OFFLINE : name))
    .join(" ");
}

/** Puts a body back in front of a reader that wants to read it from the request itself. */
function replay(ctx: Context, body: string): void {
  const { headers, method, url, socket, httpVersion } = ctx.req;
  const bytes = Buffer.from(body);
  const { "transfer-encoding": _dropped, ...kept } = headers;
  const request = Object.assign(Readable.from([bytes], { objectMode: false }), {
    headers: { ...kept, "content-length": String(bytes.length) },
    method,
    url,
    socket,
    httpVersion,
  });
  ctx.req = request as unknown as Context["req"];
  ctx.request.req = ctx.req;
}

export interface TokenFront {
  readonly home: EntraTenant;
  /** The tenant in the path, or for `organizations` the one that issued the code or refresh token. */
  tenantOf(form: URLSearchParams): EntraTenant | undefined;
}

/** Reads and checks the request, and leaves it as oidc-provider wants it; answers with the tenant that it is for. */
export async function prepareTokenRequest(ctx: Context, front: TokenFront): Promise<EntraTenant> {
  if (!ctx.is("application/x-www-form-urlencoded")) {
    throw new EntraError("invalid_request", 900144, "The request body must be a form.");
  }
  const form = await readForm(ctx);
  const clientId = form.get("client_id");
  if (clientId === null) {
    const message = "The request body must contain the following parameter: 'client_id'.";
    throw new EntraError("invalid_request", 900144, message);
  }
  const tenant = front.tenantOf(form);
  if (tenant === undefined) {
    const message =
      "No tenant-identifying information found in either the request or implied by any provided credentials.";
    throw new EntraError("invalid_request", 50059, message);
  }
  if (clientId !== apiClientId && clientId !== portalClientId) {
    const message = `Application with identifier '${clientId}' was not found in the directory '${tenant.name}'.`;
    throw new EntraError("unauthorized_client", 700016, message);
  }
  if (form.get("grant_type") === "client_credentials" && tenant.roles === undefined) {
    const message = `Application with identifier '${clientId}' was not found in the directory '${tenant.name}'.`;
    throw new EntraError("unauthorized_client", 700016, message);
  }
  checkScope(form);
  // An application that calls for itself has to show who it is, and a public client cannot.
  if (clientId === apiClientId || form.get("grant_type") === "client_credentials") {
    await authenticateApi(form, front.home, tenant);
  }
  replay(ctx, form.toString());
  return tenant;
}

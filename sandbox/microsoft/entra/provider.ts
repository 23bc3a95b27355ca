/** One tenant's authorisation server: oidc-provider, with Entra's claims in its tokens (v2.0). */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, randomUUID } from "node:crypto";
import { exportJWK } from "jose";
import Provider, {
  type ClientMetadata,
  type Configuration,
  interactionPolicy,
  type JWK,
  type KoaContextWithOIDC,
} from "oidc-provider";
import { cast } from "../../common/cast.ts";
import { GRAPH_RESOURCE, type Settings } from "../settings.ts";
import { errorPage, signedOutPage } from "./pages.ts";
import type { TenantStorage } from "./storage.ts";
import type { EntraTenant } from "./tenants.ts";

const { apiClientId, portalClientId } = cast.applications;
export const API_RESOURCE = `api://${apiClientId}`;
export const API_SCOPES = ["access_as_user", ".default"].map((name) => `${API_RESOURCE}/${name}`);
/** oidc-provider drops `offline_access` unless consent is asked for; Entra does not. The router renames it. */
export const OFFLINE = "pretend_offline_access";
const GRAPH_DEFAULT = `${GRAPH_RESOURCE}/.default`;
const HOUR = 3600;

/** The key with which the front of the token endpoint vouches for the API application towards the provider. */
const vouching = generateKeyPairSync("rsa", { modulusLength: 2048 });
export const vouchingKey: KeyObject = vouching.privateKey;

/** Shared by the application and its providers: oidc-provider uses the cookies of both. */
export const cookieKeys: readonly string[] = [randomBytes(32).toString("base64url")];

/** The `oid` of an application's service principal in a tenant: the same one each time. */
export function servicePrincipalId(tenantId: string, clientId: string): string {
  const hex = createHash("sha256").update(`${tenantId}|${clientId}`).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

export function pairwise(tenantId: string, accountId: string, clientId: string): string {
  return createHash("sha256").update(`${tenantId}|${accountId}|${clientId}`).digest("base64url");
}

async function clients({ connectorUrl, portalUrl }: Settings): Promise<ClientMetadata[]> {
  const jwk = { ...(await exportJWK(vouching.publicKey)), use: "sig", alg: "RS256" } as JWK;
  const common = {
    response_types: ["code" as const],
    subject_type: "pairwise" as const,
    id_token_signed_response_alg: "RS256" as const,
  };
  return [
    {
      ...common,
      client_id: apiClientId,
      client_name: "EHR connector (pretend registration)",
      redirect_uris: [`${connectorUrl}/api/sign-in/callback`],
      grant_types: ["authorization_code", "client_credentials", "refresh_token"],
      token_endpoint_auth_method: "private_key_jwt",
      jwks: { keys: [jwk] },
    },
    {
      ...common,
      client_id: portalClientId,
      client_name: "EHR connector portal (pretend registration)",
      // Two hosts need a sector of their own; it is never fetched.
      sector_identifier_uri: "https://portal.sandbox.example/sector",
      redirect_uris: [`${connectorUrl}/`, `${portalUrl}/`],
      post_logout_redirect_uris: [`${connectorUrl}/`, `${portalUrl}/`],
      grant_types: ["authorization_code", "refresh_token"],
      token_endpoint_auth_method: "none",
    },
  ];
}

function policy(tenant: EntraTenant): interactionPolicy.DefaultPolicy {
  const { base, Check, Prompt } = interactionPolicy;
  const prompts = base();
  prompts.add(new Prompt({ name: "select_account", requestable: true }), 0);
  const hinted = new Check("login_hint", "the hinted account has to sign in", (ctx) => {
    const hint = ctx.oidc.params?.login_hint;
    const wanted = typeof hint === "string" ? tenant.userByName(hint)?.oid : undefined;
    const missing = wanted !== undefined && wanted !== ctx.oidc.session?.accountId && !ctx.oidc.result?.login;
    return missing ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT;
  });
  prompts.get("login")?.checks.add(hinted);
  return prompts;
}

/** An admin has consented for everybody: whatever was asked for is granted, without a page. */
async function grantAll(ctx: KoaContextWithOIDC): Promise<InstanceType<Provider["Grant"]>> {
  const { provider, client, session, requestParamOIDCScopes, resourceServers, requestParamScopes } = ctx.oidc;
  const grant = new provider.Grant({
    ...(client ? { clientId: client.clientId } : {}),
    ...(session?.accountId ? { accountId: session.accountId } : {}),
  });
  grant.addOIDCScope([...requestParamOIDCScopes].join(" "));
  for (const identifier of Object.keys(resourceServers ?? {})) {
    grant.addResourceScope(identifier, [...requestParamScopes].join(" "));
  }
  await grant.save();
  return grant;
}

/** Which API the token is for follows from the scopes, as in Entra; without any it is Graph. */
function resourceOf(ctx: KoaContextWithOIDC): string {
  const scope = ctx.oidc.params?.scope;
  return typeof scope === "string" && scope.includes(`${API_RESOURCE}/`) ? API_RESOURCE : GRAPH_RESOURCE;
}

type TokenParts = { header?: object; payload: Record<string, unknown> };

/** Turns oidc-provider's access token (RFC 9068) into one of Entra's, version 2.0. */
function asEntra(
  tenant: EntraTenant,
  accountId: string | undefined,
  clientId: string,
  parts: TokenParts,
): void {
  const { payload } = parts;
  const user = accountId === undefined ? undefined : tenant.user(accountId);
  const scopes = typeof payload.scope === "string" ? payload.scope.split(" ") : [];
  delete payload.client_id;
  delete payload.scope;
  Object.assign(payload, {
    aud: payload.aud === API_RESOURCE ? apiClientId : payload.aud,
    nbf: payload.iat,
    tid: tenant.id,
    azp: clientId,
    azpacr: clientId === apiClientId ? "2" : "0",
    uti: payload.jti,
    ver: "2.0",
  });
  if (user === undefined) {
    const oid = servicePrincipalId(tenant.id, clientId);
    Object.assign(payload, { oid, sub: oid, idtyp: "app", roles: [...(tenant.roles ?? [])] });
  } else {
    Object.assign(payload, {
      oid: user.oid,
      name: user.displayName,
      preferred_username: user.userName,
      scp: scopes.map((scope) => scope.replace(`${API_RESOURCE}/`, "")).join(" ") || "openid profile",
      ...(payload.aud === apiClientId && user.roles.length > 0 ? { roles: [...user.roles] } : {}),
    });
  }
  parts.header = { ...parts.header, typ: "JWT" };
}

function idTokenClaims(
  tenant: EntraTenant,
  oid: string,
  clientId: string | undefined,
): Record<string, unknown> {
  const user = tenant.user(oid);
  return {
    ver: "2.0",
    tid: tenant.id,
    oid,
    uti: randomUUID(),
    name: user?.displayName,
    preferred_username: user?.userName,
    ...(clientId === apiClientId && user?.roles.length ? { roles: [...user.roles] } : {}),
  };
}

function configuration(
  tenant: EntraTenant,
  storage: TenantStorage,
  origins: readonly string[],
): Configuration {
  const short = tenant.id.slice(0, 8);
  // Browsers share the cookies of localhost over all ports and paths: names and paths keep the tenants apart.
  const cookie = { httpOnly: true, sameSite: "lax" as const, overwrite: true, signed: true };
  return {
    adapter: storage.adapter,
    scopes: ["openid", "profile", "email", OFFLINE],
    claims: { openid: ["sub", "ver", "tid", "oid", "uti", "roles", "name", "preferred_username"] },
    conformIdTokenClaims: false,
    subjectTypes: ["pairwise"],
    pairwiseIdentifier: (_ctx, accountId, client) => pairwise(tenant.id, accountId, client.clientId),
    sectorIdentifierUriValidate: () => false,
    enabledJWA: { idTokenSigningAlgValues: ["RS256"], clientAuthSigningAlgValues: ["RS256"] },
    clientAuthMethods: ["private_key_jwt", "none"],
    clientBasedCORS: (_ctx, origin) => origins.includes(origin),
    responseTypes: ["code"],
    pkce: { required: () => true },
    extraParams: ["pretend_ticket"],
    routes: { authorization: "/authorize", token: "/token", end_session: "/logout", jwks: "/keys" },

    ttl: {
      AccessToken: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? HOUR,
      ClientCredentials: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? HOUR,
      AuthorizationCode: 600,
      IdToken: HOUR,
      Interaction: HOUR,
      Session: 8 * HOUR,
      Grant: 24 * HOUR,
      RefreshToken: 24 * HOUR,
    },
    cookies: {
      names: {
        session: `pretend_entra_${short}_session`,
        interaction: `pretend_entra_${short}_interaction`,
        resume: `pretend_entra_${short}_resume`,
      },
      keys: [...cookieKeys],
      long: { ...cookie, path: `/entra/${tenant.id}` },
      short: cookie,
    },
    findAccount: (ctx, oid) =>
      tenant.user(oid) && {
        accountId: oid,
        claims: () => ({ sub: oid, ...idTokenClaims(tenant, oid, ctx.oidc.client?.clientId) }),
      },
    loadExistingGrant: grantAll,
    interactions: { policy: policy(tenant), url: (_ctx, { uid }) => `/entra/${tenant.id}/sign-in/${uid}` },
    issueRefreshToken: async (_ctx, client, code) =>
      client.grantTypeAllowed("refresh_token") && code.scopes.has(OFFLINE),
    renderError: (ctx, out) => {
      ctx.type = "html";
      ctx.body = errorPage(out.error, out.error_description ?? "The request cannot be answered.");
    },
    formats: {
      customizers: {
        jwt: (_ctx, token, parts) => {
          const accountId = "accountId" in token ? token.accountId : undefined;
          asEntra(tenant, accountId, token.clientId ?? "", parts as TokenParts);
        },
      },
    },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      clientCredentials: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        // Asking "really?" is for servers with real sessions.
        logoutSource: (ctx, form) => {
          ctx.body = `<!doctype html><title>Signing out</title>${form}<script>const f=document.forms[0];f.insertAdjacentHTML("beforeend",'<input type="hidden" name="logout" value="yes">');f.submit()</script>`;
        },
        postLogoutSuccessSource: (ctx) => {
          ctx.body = signedOutPage();
        },
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: (ctx) => resourceOf(ctx),
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, identifier) => ({
          scope: identifier === API_RESOURCE ? API_SCOPES.join(" ") : GRAPH_DEFAULT,
          audience: identifier,
          accessTokenTTL: HOUR + Math.floor(Math.random() * HOUR * 0.4),
          accessTokenFormat: "jwt" as const,
          jwt: { sign: { alg: "RS256" as const } },
        }),
      },
    },
  };
}

export async function makeProvider(
  tenant: EntraTenant,
  storage: TenantStorage,
  settings: Settings,
): Promise<Provider> {
  const { kid, privateKey } = tenant.key;
  const jwk = { ...(await exportJWK(privateKey)), kid, use: "sig", alg: "RS256" } as JWK;
  const origins = [settings.connectorUrl, settings.portalUrl];
  const provider = new Provider(tenant.issuer, {
    ...configuration(tenant, storage, origins),
    clients: await clients(settings),
    jwks: { keys: [jwk] },
  });
  provider.on("server_error", (_ctx, error) => process.stderr.write(`${error.stack ?? error.message}\n`));
  return provider;
}

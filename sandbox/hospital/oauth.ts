/** The authorisation server of one environment: oidc-provider, shaped and narrowed as Epic's is (SMART 2.2.0). */
import type { Configuration, KoaContextWithOIDC } from "oidc-provider";
import Provider, { errors, interactionPolicy } from "oidc-provider";
import { ClientKeys, checkAssertion } from "./client-keys.ts";
import type { Environment } from "./environment.ts";
import type { Launch } from "./launches.ts";
import { OAuthStore } from "./oauth-store.ts";
import { refusalPage } from "./pages/refusal.ts";
import { personByFhirId } from "./people.ts";
import type { SigningKey } from "./signing.ts";

export const USER_SCOPES = ["openid", "fhirUser", "profile", "launch"];

const ACCESS_TOKEN_SECONDS = 3_240;
const BACKEND_TOKEN_SECONDS = 3_600;
const CODE_SECONDS = 60;
const ID_TOKEN_SECONDS = 300;

// Epic's codes and tokens are long; a client that cuts them off, or puts them where little fits, must notice here.
const TOKEN_BITS: Readonly<Record<string, number>> = {
  AccessToken: 9_000,
  ClientCredentials: 9_000,
  AuthorizationCode: 3_000,
};

export interface AuthorisationServer {
  readonly provider: Provider;
  readonly keys: ClientKeys;
  readonly signingKey: SigningKey;
  reset(): void;
}

/** The launch that this authorisation request takes part in, if any. */
const launchOf = new WeakMap<object, Launch>();

export function makeAuthorisationServer(
  environment: Environment,
  signingKey: SigningKey,
): AuthorisationServer {
  const store = new OAuthStore();
  const keys = new ClientKeys();
  const provider = new Provider(environment.issuer, configuration(environment, signingKey, store, keys));
  // The client learns only the code of an error, as from Epic; whoever runs the sandbox learns the reason.
  const explain = (_: unknown, error: errors.OIDCProviderError): void => {
    const reason = error.error_detail ?? error.error_description ?? "";
    process.stdout.write(`hospital (${environment.name}) refused: ${error.message} ${reason}\n`);
  };
  provider.on("grant.error", explain);
  provider.on("authorization.error", explain);
  provider.on("server_error", (_, error: Error) => process.stderr.write(`${error.stack}\n`));
  const reset = (): void => {
    store.clear();
    keys.reset();
  };
  return { provider, keys, signingKey, reset };
}

function configuration(
  environment: Environment,
  { privateJwk }: SigningKey,
  store: OAuthStore,
  keys: ClientKeys,
): Configuration {
  const algorithms = ["ES384", "RS384"] as const;
  return {
    adapter: store.adapter,
    assertJwtClientAuthClaimsAndHeader: async (_, claims, header) =>
      checkAssertion(claims, header, environment),
    claims: { openid: ["sub"], fhirUser: ["fhirUser"], profile: ["preferred_username"] },
    clientAuthMethods: ["private_key_jwt"],
    clients: [
      {
        client_id: environment.clientId,
        token_endpoint_auth_method: "private_key_jwt",
        jwks_uri: environment.clientKeysUrl,
        redirect_uris: environment.redirectUris,
        response_types: ["code"],
        grant_types: ["authorization_code", "client_credentials"],
        id_token_signed_response_alg: "RS256",
      },
    ],
    clockTolerance: 5,
    conformIdTokenClaims: false,
    cookies: {
      // Cookies of localhost are shared by all its ports, so that each environment needs names of its own.
      names: {
        session: `hospital_${environment.name}_session`,
        interaction: `hospital_${environment.name}_interaction`,
        resume: `hospital_${environment.name}_resume`,
      },
    },
    enabledJWA: { clientAuthSigningAlgValues: [...algorithms], idTokenSigningAlgValues: ["RS256"] },
    expiresWithSession: async () => false,
    extraTokenClaims: (ctx, token) => {
      if (token.kind === "ClientCredentials") {
        requireSystemScopes(ctx.oidc.body?.scope);
      }
      return undefined;
    },
    extraParams: { aud: null, launch: (ctx, token) => signInByLaunch(ctx, token, environment) },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: false },
    },
    fetch: keys.fetch,
    findAccount: (_, accountId) => account(accountId, environment),
    formats: { bitsOfOpaqueRandomness: (_, token) => TOKEN_BITS[token.kind] ?? 256 },
    interactions: {
      policy: signInOnly(),
      url: (_, { uid }) => `${environment.prefix}/oauth2/sign-in/${uid}`,
    },
    jwks: { keys: [privateJwk] } as NonNullable<Configuration["jwks"]>,
    loadExistingGrant: (ctx) => grantEverything(ctx, environment),
    pkce: { required: () => true },
    renderError: (ctx, out) => {
      refusalPage(ctx, environment, [out.error, out.error_description].filter(Boolean).join(": "));
    },
    responseTypes: ["code"],
    routes: { authorization: "/authorize", token: "/token", jwks: "/keys" },
    scopes: USER_SCOPES,
    ttl: {
      AccessToken: ACCESS_TOKEN_SECONDS,
      AuthorizationCode: CODE_SECONDS,
      ClientCredentials: BACKEND_TOKEN_SECONDS,
      Grant: ACCESS_TOKEN_SECONDS,
      IdToken: ID_TOKEN_SECONDS,
      Interaction: 600,
      Session: 600,
    },
  };
}

/** SMART backend services: scopes are required, and are the system's. (The parsed parameter has lost unknown ones.) */
function requireSystemScopes(asked: unknown): void {
  const scopes = String(asked ?? "").split(" ");
  if (scopes.some((scope) => !scope.startsWith("system/"))) {
    throw new errors.InvalidScope("scopes must be system scopes", scopes.join(" "));
  }
}

/** An EHR asks nobody for consent: the organisation has decided. */
function signInOnly(): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base();
  policy.remove("consent");
  return policy;
}

/** Whoever pressed the button in the EHR is signed in there: the launch token stands for that session. */
async function signInByLaunch(
  ctx: KoaContextWithOIDC,
  token: string | undefined,
  environment: Environment,
): Promise<void> {
  const { params, session } = ctx.oidc;
  const wantsLaunch = String(params?.scope ?? "")
    .split(" ")
    .includes("launch");
  if (token === undefined && wantsLaunch) {
    throw new errors.InvalidRequest("the scope launch needs the parameter launch");
  }
  // Without the scope Epic does not look at the parameter, and asks the user to sign in.
  if (token === undefined || !wantsLaunch) {
    return;
  }
  const launch = environment.launches.take(token);
  if (launch === undefined || launch.record.clientId !== environment.clientId) {
    throw new errors.CustomOIDCProviderError("invalid_launch_token", "The launch token is not valid.");
  }
  if (launch.overrides.error !== undefined) {
    throw new errors.CustomOIDCProviderError(launch.overrides.error, "The launch was refused.");
  }
  const accountId = (launch.user ?? launch.patient)?.fhirId;
  if (session === undefined || accountId === undefined) {
    throw new errors.AccessDenied();
  }
  launchOf.set(ctx, launch);
  (session as typeof session & { loginAccount(details: object): void }).loginAccount({
    accountId,
    loginTs: Math.floor(Date.now() / 1_000),
    transient: true,
  });
}

async function grantEverything(ctx: KoaContextWithOIDC, environment: Environment) {
  const { client, account: signedIn, params, provider } = ctx.oidc;
  if (client === undefined || signedIn === undefined) {
    return undefined;
  }
  const grant = new provider.Grant({ clientId: client.clientId, accountId: signedIn.accountId });
  grant.addOIDCScope(String(params?.scope ?? ""));
  const grantId = await grant.save();
  const launch = launchOf.get(ctx);
  if (launch !== undefined) {
    environment.launches.grant(grantId, launch);
  }
  return grant;
}

function account(accountId: string, environment: Environment) {
  const person = personByFhirId(accountId);
  if (person === undefined) {
    return undefined;
  }
  const [type, login] = "login" in person ? ["Practitioner", person.login] : ["Patient", undefined];
  const claims = {
    sub: accountId,
    fhirUser: `${environment.fhirBaseUrl}${type}/${accountId}`,
    ...(login === undefined ? {} : { preferred_username: login }),
  };
  return { accountId, claims: async () => claims };
}

/** Entra's URL shapes around one authorisation server per tenant. */
import Router from "@koa/router";
import type { Context, Next } from "koa";
import mount from "koa-mount";
import type Provider from "oidc-provider";
import { cast } from "../../common/cast.ts";
import type { Settings } from "../settings.ts";
import { BrowserAccounts } from "./browser.ts";
import { adminConsent } from "./consent.ts";
import { discovery, discoveryV1, publishedKeys, SHARED_AUTHORITIES } from "./discovery.ts";
import { answerEntraError, dressTokenAnswer, EntraError } from "./errors.ts";
import { answerManagedIdentity } from "./identity.ts";
import { errorPage } from "./pages.ts";
import { makeProvider } from "./provider.ts";
import { SignIn } from "./sign-in.ts";
import { TenantStorage } from "./storage.ts";
import { type EntraTenant, Tenants } from "./tenants.ts";
import { prepareTokenRequest, renamedScopes } from "./token.ts";

interface Server {
  readonly storage: TenantStorage;
  provider: Provider;
}

export class Entra {
  readonly tenants: Tenants;
  readonly browser: BrowserAccounts;
  readonly #settings: Settings;
  readonly #servers = new Map<EntraTenant, Server>();
  readonly #signIn: SignIn;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.tenants = new Tenants(settings.origin);
    this.browser = new BrowserAccounts(this.tenants);
    this.#signIn = new SignIn(this.tenants, this.browser, (tenant) => this.#server(tenant).provider);
  }

  async start(): Promise<void> {
    await this.tenants.start();
    for (const tenant of this.tenants.all) {
      const storage = new TenantStorage();
      this.#servers.set(tenant, { storage, provider: await makeProvider(tenant, storage, this.#settings) });
    }
  }

  /** Signs everybody out, forgets every code and token, and takes no consent back any more; the keys stay. */
  clear(): void {
    this.browser.clear();
    this.#signIn.clear();
    for (const tenant of this.tenants.all) {
      tenant.consent();
    }
    for (const { storage } of this.#servers.values()) {
      storage.clear();
    }
  }

  async rotate(tenant: EntraTenant, forget: boolean): Promise<string> {
    const { kid } = await tenant.rotate(forget);
    const server = this.#server(tenant);
    server.provider = await makeProvider(tenant, server.storage, this.#settings);
    return kid;
  }

  routes(): Router {
    const router = new Router({ prefix: "/entra/:authority" });
    router.use(["/v2.0", "/.well-known", "/discovery"], openToBrowsers);
    router.get("/v2.0/.well-known/openid-configuration", (ctx) => {
      this.#describe(ctx, discovery);
    });
    router.get("/.well-known/openid-configuration", (ctx) => {
      this.#describe(ctx, discoveryV1);
    });
    router.get("/discovery/v2.0/keys", (ctx) => {
      const tenant = this.#authority(ctx);
      ctx.body = publishedKeys(this.tenants, tenant);
    });
    router.all("/oauth2/v2.0/authorize", (ctx, next) => this.#authorize(ctx, next));
    router.all("/oauth2/v2.0/token", (ctx, next) => this.#token(ctx, next));
    router.all("/oauth2/v2.0/logout", async (ctx, next) => {
      const tenant = this.#authority(ctx) ?? this.browser.of(ctx)[0]?.tenant ?? this.tenants.home;
      this.browser.forget(ctx, tenant);
      await this.#forward(ctx, next, tenant, "logout");
    });
    router.all("/sign-in/:uid", async (ctx) => {
      const tenant = this.#authority(ctx);
      if (tenant !== undefined) {
        await this.#signIn.inTenant(ctx, tenant);
      }
    });
    router.all("/v2.0/adminconsent", async (ctx) => {
      await adminConsent(ctx, this.tenants, this.#authority(ctx), this.#settings);
    });
    // Where oidc-provider sends the browser by itself: resuming after the sign-in page, the end of a session.
    router.all("/v2.0/:route{/*rest}", async (ctx, next) => {
      const tenant = this.#authority(ctx);
      if (tenant !== undefined && ctx.params.route !== "token") {
        await this.#forward(ctx, next, tenant, ctx.path.split("/v2.0/")[1] ?? "");
      }
    });
    return router;
  }

  identityRoutes(): Router {
    const router = new Router();
    router.get("/identity/token", (ctx) => answerManagedIdentity(ctx, this.tenants.home));
    return router;
  }

  #server(tenant: EntraTenant): Server {
    const server = this.#servers.get(tenant);
    if (server === undefined) {
      throw new Error(`tenant ${tenant.id} has not been started`);
    }
    return server;
  }

  /** The tenant of the path; undefined for the shared authorities; an unknown one ends the request. */
  #authority(ctx: Context): EntraTenant | undefined {
    const name = String(ctx.params.authority).toLowerCase();
    if ((SHARED_AUTHORITIES as readonly string[]).includes(name)) {
      return undefined;
    }
    const tenant = this.tenants.find(name);
    if (tenant === undefined) {
      throw new EntraError("invalid_tenant", 90002, `Tenant '${name}' not found.`);
    }
    return tenant;
  }

  #describe(ctx: Context, document: typeof discovery): void {
    const tenant = this.#authority(ctx);
    ctx.body = document(
      this.#settings.origin,
      tenant?.id ?? String(ctx.params.authority).toLowerCase(),
      tenant,
    );
  }

  async #authorize(ctx: Context, next: Next): Promise<void> {
    const tenant = this.#authority(ctx);
    if (tenant === undefined) {
      await this.#signIn.overTenants(ctx);
      return;
    }
    const query = new URLSearchParams(ctx.querystring);
    const scope = query.get("scope");
    if (scope !== null) {
      query.set("scope", renamedScopes(scope));
    }
    if (!knownClient(query.get("client_id"))) {
      ctx.status = 400;
      ctx.body = errorPage(
        "AADSTS700016",
        "Application with this identifier was not found in the directory.",
      );
      return;
    }
    ctx.querystring = query.toString();
    await this.#forward(ctx, next, tenant, "authorize");
  }

  async #token(ctx: Context, next: Next): Promise<void> {
    const authority = this.#authority(ctx);
    if (ctx.method !== "POST") {
      await this.#forward(ctx, next, authority ?? this.tenants.home, "token");
      return;
    }
    const tenant = await prepareTokenRequest(ctx, {
      home: this.tenants.home,
      tenantOf: (form) => authority ?? this.#issuerOf(form),
    });
    await this.#forward(ctx, next, tenant, "token");
    dressTokenAnswer(ctx);
  }

  /** At a shared authority the code or refresh token itself tells the tenant. */
  #issuerOf(form: URLSearchParams): EntraTenant | undefined {
    const [model, id] = form.has("code")
      ? ["AuthorizationCode", form.get("code")]
      : ["RefreshToken", form.get("refresh_token")];
    const found = [...this.#servers].find(
      ([, { storage }]) => id !== null && storage.holds(model ?? "", id ?? ""),
    );
    return found?.[0];
  }

  async #forward(ctx: Context, next: Next, tenant: EntraTenant, route: string): Promise<void> {
    const asked = ctx.path;
    ctx.path = `/entra/${tenant.id}/v2.0/${route}`;
    try {
      await mount(`/entra/${tenant.id}/v2.0`, this.#server(tenant).provider)(ctx, next);
    } finally {
      ctx.path = asked;
    }
    withoutIssuer(ctx);
  }
}

/** Entra does not send the `iss` of RFC 9207; a client that came to rely on it would fail there. */
function withoutIssuer(ctx: Context): void {
  const target = URL.parse(String(ctx.response.get("Location") ?? ""));
  if (
    target?.searchParams.has("iss") &&
    (target.searchParams.has("code") || target.searchParams.has("error"))
  ) {
    target.searchParams.delete("iss");
    ctx.set("Location", target.href);
  }
}

function knownClient(clientId: string | null): boolean {
  const { apiClientId, portalClientId } = cast.applications;
  return clientId === apiClientId || clientId === portalClientId;
}

async function openToBrowsers(ctx: Context, next: Next): Promise<void> {
  ctx.set("Access-Control-Allow-Origin", "*");
  await next();
}

/** Outside the routes, so that an unknown tenant is answered alike everywhere. */
export async function entraErrors(ctx: Context, next: Next): Promise<void> {
  try {
    await next();
  } catch (error) {
    if (!(error instanceof EntraError)) {
      throw error;
    }
    answerEntraError(ctx, error);
  }
}

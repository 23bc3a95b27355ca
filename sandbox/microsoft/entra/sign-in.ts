/** What happens on the sign-in page: the choice of an account in one tenant, or over all of them. */
import { randomBytes } from "node:crypto";
import type { Context } from "koa";
import type Provider from "oidc-provider";
import { readForm } from "../../common/body.ts";
import { cast } from "../../common/cast.ts";
import type { BrowserAccounts } from "./browser.ts";
import { type AccountChoice, errorPage, signInPage } from "./pages.ts";
import type { EntraTenant, Tenants } from "./tenants.ts";

const CANCELLED = {
  error: "access_denied",
  error_description: "AADSTS65004: User declined to consent to access the app.",
};

type Choice = { readonly oid: string } | "cancel";

export class SignIn {
  readonly #tenants: Tenants;
  readonly #browser: BrowserAccounts;
  readonly #providerOf: (tenant: EntraTenant) => Provider;
  /** Choices made on the page of `organizations`, on their way to the tenant; each counts once. */
  readonly #tickets = new Map<string, Choice>();

  constructor(tenants: Tenants, browser: BrowserAccounts, providerOf: (tenant: EntraTenant) => Provider) {
    this.#tenants = tenants;
    this.#browser = browser;
    this.#providerOf = providerOf;
  }

  clear(): void {
    this.#tickets.clear();
  }

  /** GET: the page, unless the choice was made already. POST: the choice. */
  async inTenant(ctx: Context, tenant: EntraTenant): Promise<void> {
    const provider = this.#providerOf(tenant);
    let details: Awaited<ReturnType<Provider["interactionDetails"]>>;
    try {
      details = await provider.interactionDetails(ctx.req, ctx.res);
    } catch {
      ctx.status = 400;
      ctx.body = errorPage("AADSTS50058", "This sign-in has expired. Go back and start again.");
      return;
    }
    const ticket = String(details.params.pretend_ticket ?? "");
    const choice =
      this.#tickets.get(ticket) ?? (ctx.method === "POST" ? chosen(await readForm(ctx)) : undefined);
    this.#tickets.delete(ticket);
    if (choice === undefined) {
      const hint = String(details.params.login_hint ?? "");
      const signedIn = details.session?.accountId;
      ctx.body = signInPage({
        application: applicationName(details.params.client_id),
        action: ctx.path,
        accounts: orderedChoices(tenant, hint, signedIn),
      });
      return;
    }
    await this.#finish(ctx, tenant, details, choice);
  }

  async #finish(
    ctx: Context,
    tenant: EntraTenant,
    details: Awaited<ReturnType<Provider["interactionDetails"]>>,
    choice: Choice,
  ): Promise<void> {
    const provider = this.#providerOf(tenant);
    const user = choice === "cancel" ? undefined : tenant.user(choice.oid);
    if (user !== undefined && details.session !== undefined && details.session.accountId !== user.oid) {
      // Another account takes over: the old session ends here, without a page that asks about it.
      const previous = await provider.Session.find(details.session.cookie);
      await previous?.destroy();
      delete (details as { session?: unknown }).session;
      await details.save(Math.max(60, details.exp - Math.floor(Date.now() / 1000)));
    }
    const result = user === undefined ? CANCELLED : { select_account: {}, login: { accountId: user.oid } };
    const next = await provider.interactionResult(ctx.req, ctx.res, result);
    if (user !== undefined) {
      this.#browser.remember(ctx, tenant, user.oid);
    }
    ctx.status = 303;
    ctx.redirect(next);
  }

  /** The authorise endpoint of `organizations` and `common`: forwards to the tenant of the chosen account. */
  async overTenants(ctx: Context): Promise<void> {
    const query = new URLSearchParams(ctx.method === "POST" ? await readForm(ctx) : ctx.querystring);
    const picked = query.get("account");
    const cancelled = query.has("cancel");
    if (ctx.method === "POST" && (picked !== null || cancelled)) {
      this.#forwardChoice(ctx, new URLSearchParams(query.get("query") ?? ""), cancelled ? null : picked);
      return;
    }
    const hinted = this.#tenants.account(query.get("login_hint") ?? "");
    const prompts = (query.get("prompt") ?? "").split(" ");
    const known = this.#browser.of(ctx);
    const asks = prompts.includes("select_account") || prompts.includes("login");
    const only = known.length === 1 && !asks ? known[0]?.tenant : undefined;
    const silent = prompts.includes("none") ? (known[0]?.tenant ?? this.#tenants.all[0]) : undefined;
    const tenant = hinted?.tenant ?? only ?? silent;
    if (tenant !== undefined) {
      redirectTo(ctx, tenant, query);
      return;
    }
    ctx.body = signInPage({
      application: applicationName(query.get("client_id")),
      action: ctx.path,
      hidden: { query: query.toString() },
      accounts: this.#tenants.all.flatMap((each) =>
        orderedChoices(each, "", known.find((account) => account.tenant === each)?.user.oid),
      ),
    });
  }

  #forwardChoice(ctx: Context, query: URLSearchParams, picked: string | null): void {
    const [tid = "", oid = ""] = (picked ?? "").split("|");
    const tenant = this.#tenants.find(tid);
    const user = tenant?.user(oid);
    const ticket = randomBytes(16).toString("base64url");
    query.set("pretend_ticket", ticket);
    if (tenant !== undefined && user !== undefined) {
      this.#tickets.set(ticket, { oid: user.oid });
      query.set("login_hint", user.userName);
      redirectTo(ctx, tenant, query);
      return;
    }
    this.#tickets.set(ticket, "cancel");
    // Asked to select, the tenant stops where the ticket tells it that nobody was selected.
    query.set("prompt", "select_account");
    redirectTo(ctx, this.#tenants.home, query);
  }
}

function chosen(form: URLSearchParams): Choice {
  const oid = form.get("account")?.split("|")[1];
  return form.has("cancel") || oid === undefined ? "cancel" : { oid };
}

function redirectTo(ctx: Context, tenant: EntraTenant, query: URLSearchParams): void {
  ctx.status = 303;
  ctx.redirect(`/entra/${tenant.id}/oauth2/v2.0/authorize?${query}`);
}

/** The hinted account first, then the one that is signed in, then the others. */
function orderedChoices(tenant: EntraTenant, hint: string, signedIn: string | undefined): AccountChoice[] {
  const hinted = tenant.userByName(hint);
  const rank = (oid: string): number => (oid === hinted?.oid ? 0 : oid === signedIn ? 1 : 2);
  return [...tenant.users]
    .sort((a, b) => rank(a.oid) - rank(b.oid))
    .map((user) => ({ tenant, user, ...(user.oid === signedIn ? { note: "signed in" } : {}) }));
}

function applicationName(clientId: unknown): string {
  return clientId === cast.applications.portalClientId ? "the EHR connector's portal" : "the EHR connector";
}

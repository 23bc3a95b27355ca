/** The admin consent endpoint (Microsoft identity platform, "Admin consent"): a page, then back with `admin_consent`. */
import type { Context } from "koa";
import { readForm } from "../../common/body.ts";
import { cast } from "../../common/cast.ts";
import { GRAPH_RESOURCE, type Settings } from "../settings.ts";
import { EntraError } from "./errors.ts";
import { errorPage, signInPage } from "./pages.ts";
import type { EntraTenant, Tenants } from "./tenants.ts";

/** The cast has no directory roles: whoever administers the connector administers the pretend tenant. */
const ADMINISTRATOR = "Connector.Admin";
const DECLINED = {
  error: "access_denied",
  error_description: "AADSTS65004: User declined to consent to access the app.",
};

function check(query: URLSearchParams, settings: Settings): string {
  if (query.get("client_id") !== cast.applications.apiClientId) {
    throw new EntraError("unauthorized_client", 700016, "Application was not found in the directory.");
  }
  const redirect = query.get("redirect_uri");
  if (redirect !== `${settings.connectorUrl}/api/consent/callback`) {
    throw new EntraError(
      "invalid_request",
      50011,
      "The redirect URI does not match those of the application.",
    );
  }
  if (query.get("scope") !== `${GRAPH_RESOURCE}/.default`) {
    throw new EntraError(
      "invalid_scope",
      70011,
      "The provided value for the input parameter 'scope' is not valid.",
    );
  }
  return redirect;
}

function back(ctx: Context, redirect: string, query: URLSearchParams, answer: Record<string, string>): void {
  const target = new URL(redirect);
  const state = query.get("state");
  const all = { admin_consent: "True", ...answer, ...(state === null ? {} : { state }) };
  for (const [name, value] of Object.entries(all)) {
    target.searchParams.set(name, value);
  }
  ctx.status = 303;
  ctx.redirect(target.href);
}

/** `tenant` is that of the path; undefined for `organizations`, where the account decides. */
export async function adminConsent(
  ctx: Context,
  tenants: Tenants,
  tenant: EntraTenant | undefined,
  settings: Settings,
): Promise<void> {
  const query = new URLSearchParams(ctx.querystring);
  const redirect = check(query, settings);
  if (ctx.method !== "POST") {
    const asked = tenant === undefined ? tenants.all : [tenant];
    ctx.body = signInPage({
      application: "let the EHR connector work for the whole organisation",
      action: ctx.url,
      accounts: asked.flatMap((each) => each.users.map((user) => ({ tenant: each, user }))),
    });
    return;
  }
  const form = await readForm(ctx);
  const [tid = "", oid = ""] = (form.get("account") ?? "").split("|");
  const chosen = tenants.find(tid);
  const user = chosen?.user(oid);
  if (form.has("cancel") || chosen === undefined || user === undefined) {
    back(ctx, redirect, query, DECLINED);
  } else if (tenant !== undefined && chosen !== tenant) {
    ctx.status = 400;
    ctx.body = errorPage("AADSTS50020", "This account is not in the organisation that was asked for.");
  } else if (!user.roles.includes(ADMINISTRATOR)) {
    ctx.status = 403;
    ctx.body = errorPage("AADSTS90094", "An administrator of the organisation has to grant this.");
  } else {
    chosen.consent();
    back(ctx, redirect, query, { tenant: chosen.id, scope: `${GRAPH_RESOURCE}/.default` });
  }
}

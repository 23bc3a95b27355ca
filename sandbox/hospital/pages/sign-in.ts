/** The EHR's sign-in page of a standalone launch: choose a pretend user, or cancel. */
import type Router from "@koa/router";
import type { Context } from "koa";
import { readForm } from "../../common/body.ts";
import { html } from "../../common/html.ts";
import type { Environment } from "../environment.ts";
import type { AuthorisationServer } from "../oauth.ts";
import { ehrUser, ehrUsers } from "../people.ts";
import { render } from "./layout.ts";
import { refusalPage } from "./refusal.ts";

const ROLES = { analyst: "EHR analyst", provider: "Clinician" } as const;

function signInPage(ctx: Context, environment: Environment): void {
  const analystsFirst = [...ehrUsers].sort((one, other) => one.role.localeCompare(other.role));
  const choices = analystsFirst.map(
    ({ key, practitioner, login, role }) => html`<button class="button second" name="user" value="${key}">
<span>${practitioner}</span><span class="role">${ROLES[role]} · ${login}</span></button>`,
  );
  render(ctx, {
    title: "Sign in",
    section: "none",
    environment,
    content: html`<div class="card narrow">
<h1>Sign in to the health record</h1>
<p class="quiet">The connector asks who you are in the health record. Choose one of the pretend people.</p>
<form method="post">
<div class="choices" role="group" aria-label="Who are you?">${choices}</div>
<button class="button second" name="cancel" value="yes">Cancel</button>
</form>
</div>`,
  });
}

export function signInRoutes(
  router: Router,
  environment: Environment,
  { provider }: AuthorisationServer,
): void {
  const path = `${environment.prefix}/oauth2/sign-in/:uid`;
  router.get(path, async (ctx) => {
    try {
      await provider.interactionDetails(ctx.req, ctx.res);
      signInPage(ctx, environment);
    } catch {
      refusalPage(ctx, environment, "this sign-in has ended; start again from the application");
    }
  });
  router.post(path, async (ctx) => {
    const form = await readForm(ctx);
    const user = ehrUser(form.get("user"));
    if (user === undefined && !form.has("cancel")) {
      ctx.throw(400, "choose a user, or cancel");
    }
    const result = user
      ? { login: { accountId: user.fhirId, remember: false } }
      : { error: "access_denied", error_description: "The user canceled the sign-in." };
    try {
      ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, result));
      ctx.status = 303;
    } catch {
      refusalPage(ctx, environment, "this sign-in has ended; start again from the application");
    }
  });
}

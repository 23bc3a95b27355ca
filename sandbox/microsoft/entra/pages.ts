/** The pretend sign-in page: a button per account, no password, a way out. */
import type { EntraUser } from "../../common/cast.ts";
import { type Html, html } from "../../common/html.ts";
import { initials, page } from "../page.ts";
import type { EntraTenant } from "./tenants.ts";

const STAND_IN = "Pretend Microsoft sign-in: everybody here is made up, and no password is asked.";

export interface AccountChoice {
  readonly tenant: EntraTenant;
  readonly user: EntraUser;
  readonly note?: string;
}

function accountButton({ tenant, user, note }: AccountChoice): Html {
  return html`<button class="account" name="account" value="${tenant.id}|${user.oid}">
<span class="face" aria-hidden="true">${initials(user.displayName)}</span>
<span class="grow"><strong>${user.displayName}</strong><small>${user.userName}${note ? ` · ${note}` : ""}</small></span>
</button>`;
}

export interface SignInPage {
  readonly application: string;
  readonly action: string;
  /** What has to come back with the choice. */
  readonly hidden?: Readonly<Record<string, string>>;
  readonly accounts: readonly AccountChoice[];
}

export function signInPage({ application, action, hidden = {}, accounts }: SignInPage): string {
  const tenants = [...new Set(accounts.map(({ tenant }) => tenant))];
  const groups = tenants.map(
    (tenant) => html`<h2>${tenant.name}</h2>
${accounts.filter((account) => account.tenant === tenant).map(accountButton)}`,
  );
  const inputs = Object.entries(hidden).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  );
  const body = html`<form class="card" method="post" action="${action}">
<h1>Pick an account</h1>
<p class="soft">to go on to ${application}</p>
${inputs}
${groups}
<p class="row cancel"><button name="cancel" value="yes">Cancel</button></p>
</form>`;
  return page({ title: "Pretend Microsoft sign-in", standIn: STAND_IN, body });
}

export function errorPage(code: string, description: string): string {
  const body = html`<div class="card"><h1>Sign-in stops here</h1>
<p>${description}</p><p class="soft"><small>Code: ${code}</small></p></div>`;
  return page({ title: "Pretend Microsoft sign-in", standIn: STAND_IN, body });
}

export function signedOutPage(): string {
  const body = html`<div class="card"><h1>You are signed out</h1>
<p>Of the pretend Microsoft only. You can close this page.</p></div>`;
  return page({ title: "Pretend Microsoft sign-in", standIn: STAND_IN, body });
}

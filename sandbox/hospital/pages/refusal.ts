/** The page that Epic's server shows instead of going back to the application. */
import type { Context } from "koa";
import { html } from "../../common/html.ts";
import type { Environment } from "../environment.ts";
import { render } from "./layout.ts";

export function refusalPage(ctx: Context, environment: Environment, reason: string): void {
  ctx.status = ctx.status >= 400 && ctx.status !== 404 ? ctx.status : 400;
  const { status } = ctx;
  render(ctx, {
    title: "Not authorized",
    section: "none",
    environment,
    content: html`<div class="card narrow stack">
<h1>Something went wrong trying to authorize the client</h1>
<p>Please close this window, and tell whoever looks after the application.</p>
<p class="quiet">For them: <span class="code">${reason}</span></p>
</div>`,
  });
  ctx.status = status;
}

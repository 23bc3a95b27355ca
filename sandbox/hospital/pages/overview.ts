/** The first page: both environments with what an administrator needs to know, and the last status calls. */
import type Router from "@koa/router";
import { type Html, html } from "../../common/html.ts";
import type { Environment } from "../environment.ts";
import { RECORD_KINDS } from "../records.ts";
import { STATES, type StatusCall } from "../status-log.ts";
import { render } from "./layout.ts";

const SHOWN = 12;

function environmentCard(environment: Environment): Html {
  const { name, fhirBaseUrl, clientId, records } = environment;
  return html`<section class="card" aria-labelledby="title-${name}">
<div class="spread"><h2 id="title-${name}">${name === "test" ? "Test environment" : "Production environment"}</h2>
<span class="chip ${records.size > 0 ? "good" : ""}">${records.size} of ${RECORD_KINDS.length} records</span></div>
<dl class="facts">
<dt>FHIR base URL</dt><dd><code>${fhirBaseUrl}</code> <button class="button second copy" data-copy="${fhirBaseUrl}" aria-label="Copy the FHIR base URL of ${name}">Copy</button></dd>
<dt>Client ID</dt><dd><code>${clientId}</code></dd>
</dl>
<p class="actions">
<a class="button" href="/${name}/schedule">Schedule</a>
<a class="button second" href="/${name}/portal">Patient portal</a>
<a class="button second" href="/${name}/records">Records</a>
</p></section>`;
}

function callRow(environment: Environment, call: StatusCall): Html {
  return html`<tr><td><time datetime="${call.at}" data-clock>${call.at.slice(11, 19)}</time></td><td>${environment.name}</td>
<td>${call.conferenceId}</td><td>${call.externalId} (${call.externalIdType})</td><td>${call.connectionStatus} ${STATES[call.connectionStatus]}</td>
<td class="${call.status === 200 ? "" : "refused"}">${call.status} ${call.outcome}</td></tr>`;
}

export function overviewRoute(router: Router, environments: readonly Environment[]): void {
  router.get("/", (ctx) => {
    const calls = environments
      .flatMap((environment) => environment.calls.all.map((call) => ({ environment, call })))
      .sort((one, other) => other.call.at.localeCompare(one.call.at))
      .slice(0, SHOWN)
      .map(({ environment, call }) => callRow(environment, call));
    const none = html`<tr data-none><td colspan="6" class="quiet">Nothing yet. Begin a visit, and see it come.</td></tr>`;
    render(ctx, {
      title: "Overview",
      section: "overview",
      script: "overview.js",
      content: html`<h1>Health record</h1>
<p class="lead">Two environments, as a hospital has them: try changes in one, see patients in the other.</p>
<div class="columns">${environments.map(environmentCard)}</div>
<section class="card calls" aria-labelledby="title-calls"><h2 id="title-calls">What the health record was told</h2>
<table aria-labelledby="title-calls">
<thead><tr><th scope="col">Time</th><th scope="col">Environment</th><th scope="col">Conference</th><th scope="col">Who (type)</th><th scope="col">Status</th><th scope="col">Answer</th></tr></thead>
<tbody data-calls aria-live="polite">${calls.length > 0 ? calls : none}</tbody></table></section>`,
    });
  });
}

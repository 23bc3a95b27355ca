/** Where an EHR analyst pastes the integration records: field by field, or a block of `Field: value` lines. */
import type Router from "@koa/router";
import type { Context } from "koa";
import { readForm } from "../../common/body.ts";
import { type Content, type Html, html } from "../../common/html.ts";
import type { Environment } from "../environment.ts";
import { checkedRecord, pastedFields, RECORD_KINDS, type RecordKind, recordKind } from "../records.ts";
import { render } from "./layout.ts";

const TITLES: Readonly<Record<RecordKind, string>> = {
  provider: "Clinician",
  patient: "Patient",
  "group-provider": "Group visit, clinician",
  "group-patient": "Group visit, patient",
  "device-test": "Device test, patient",
};

interface Outcome {
  readonly kind: RecordKind;
  readonly wrong?: string;
}

function field(
  kind: RecordKind,
  name: string,
  label: string,
  value: string | undefined,
  example: string,
): Html {
  const id = `${kind}-${name}`;
  return html`<div class="field"><label for="${id}">${label}</label>
<textarea class="short" id="${id}" name="${name}" rows="2" placeholder="${example}" autocomplete="off" spellcheck="false">${value}</textarea></div>`;
}

function notice(kind: RecordKind, outcome: Outcome | undefined): Content {
  if (outcome?.kind !== kind) {
    return undefined;
  }
  return outcome.wrong === undefined
    ? html`<p class="notice" role="status">Saved.</p>`
    : html`<p class="notice wrong" role="alert">${outcome.wrong}</p>`;
}

function card(kind: RecordKind, environment: Environment, outcome: Outcome | undefined): Html {
  const record = environment.records.get(kind);
  const chip = record ? html`<span class="chip good">in use</span>` : html`<span class="chip">empty</span>`;
  const foreign =
    record && record.clientId !== environment.clientId
      ? html`<p class="notice wrong">This client id is not the one of the ${environment.name} environment: launches will be refused.</p>`
      : undefined;
  const block = html`<div class="field"><label for="${kind}-block">Paste the whole record</label>
<textarea id="${kind}-block" name="block" spellcheck="false" placeholder="Launch URL: …&#10;Client ID: …&#10;Context token: …"></textarea></div>`;
  const fields = html`<div class="stack">
${field(kind, "launchUrl", "Launch URL", record?.launchUrl, "https://…/provider")}
${field(kind, "clientId", "Client ID", record?.clientId, environment.clientId)}
${field(kind, "contextToken", "Context token", record?.contextToken, "sessionId=%CSN%")}
</div>`;
  return html`<section class="card" aria-labelledby="title-${kind}">
<form method="post" class="stack">
<div class="spread"><h2 id="title-${kind}">${TITLES[kind]}</h2>${chip}</div>
${notice(kind, outcome)}${foreign}
<input type="hidden" name="kind" value="${kind}">
${record ? [fields, html`<details><summary>or paste a whole record again</summary>${block}</details>`] : [block, html`<details><summary>or field by field</summary>${fields}</details>`]}
<div><button class="button">Save</button></div>
</form></section>`;
}

function page(ctx: Context, environment: Environment, outcome?: Outcome): void {
  render(ctx, {
    title: "Integration records",
    section: "records",
    environment,
    content: html`<h1>Integration records</h1>
<p class="lead">What the health record opens when somebody begins a virtual visit. An analyst copies these values from the connector's portal.</p>
<div class="columns">${RECORD_KINDS.map((kind) => card(kind, environment, outcome))}</div>`,
  });
}

export function recordRoutes(router: Router, environment: Environment): void {
  const path = `/${environment.name}/records`;
  router.get(path, (ctx) => {
    const saved = recordKind(ctx.query.saved);
    page(ctx, environment, saved && { kind: saved });
  });
  router.post(path, async (ctx) => {
    const form = await readForm(ctx);
    const kind = recordKind(form.get("kind"));
    if (kind === undefined) {
      return ctx.throw(400, "which record is meant is not clear");
    }
    const pasted = pastedFields(form.get("block") ?? "");
    const value = (name: "launchUrl" | "clientId" | "contextToken"): string =>
      pasted[name] ?? form.get(name) ?? "";
    const record = checkedRecord(value("launchUrl"), value("clientId"), value("contextToken"));
    if (typeof record === "string") {
      page(ctx, environment, { kind, wrong: record });
      ctx.status = 422;
      return;
    }
    environment.records.set(kind, record);
    ctx.redirect(`${path}?saved=${kind}`);
    ctx.status = 303;
  });
}

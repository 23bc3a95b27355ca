/** The frame of the hospital's pages: its own calm look, no request to anywhere else. */
import { readFileSync } from "node:fs";
import type Router from "@koa/router";
import type { Context } from "koa";
import { cast } from "../../common/cast.ts";
import { type Content, type Html, html, trusted } from "../../common/html.ts";
import type { Environment } from "../environment.ts";

const MARK = trusted(
  '<svg width="28" height="28" viewBox="0 0 28 28" aria-hidden="true"><rect width="28" height="28" rx="8" fill="#17626b"/>' +
    '<path d="M7 15.5c2.2 0 2.6-6 4.6-6s2.2 9 4.4 9 2.2-5 5-5" fill="none" stroke="#fff" stroke-width="2.2" stroke-linecap="round"/></svg>',
);
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 28 28'%3E%3Crect width='28' height='28' rx='8' fill='%2317626b'/%3E%3C/svg%3E";

export type Section = "overview" | "schedule" | "portal" | "records" | "none";

export interface Page {
  readonly title: string;
  readonly section: Section;
  readonly environment?: Environment;
  readonly script?: "schedule.js" | "overview.js";
  readonly content: Html;
}

/** Staff see the way to the other staff pages; a patient's portal leads nowhere else. */
function navigation(section: Section, environment: Environment | undefined): Content {
  if (environment === undefined || !["schedule", "records"].includes(section)) {
    return undefined;
  }
  const links = [
    ["overview", "/", "Overview"],
    ["schedule", `/${environment.name}/schedule`, "Schedule"],
    ["records", `/${environment.name}/records`, "Records"],
  ] as const;
  const anchors = links.map(([name, href, label]) =>
    name === section
      ? html`<a href="${href}" aria-current="page">${label}</a>`
      : html`<a href="${href}">${label}</a>`,
  );
  return html`<nav class="nav" aria-label="Hospital">${anchors}</nav>`;
}

export function render(ctx: Context, { title, section, environment, script, content }: Page): void {
  const name = cast.hospital.name;
  const pill = environment && html`<span class="environment ${environment.name}">${environment.name}</span>`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · ${name}</title>
<link rel="icon" href="${trusted(ICON)}">
<link rel="stylesheet" href="/assets/hospital.css">
${script && html`<script type="module" src="/assets/${script}"></script>`}
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="top"><div>
<a class="brand" href="${section === "portal" ? "" : "/"}">${MARK}<span>${name}</span></a>
${pill}
${navigation(section, environment)}
</div></header>
<main id="main">${content}</main>
<footer>A hospital that does not exist, for trying the connector out. Everybody in it is made up.</footer>
</body>
</html>`;
  ctx.type = "html";
  ctx.set("Cache-Control", "no-store");
  ctx.set("Referrer-Policy", "no-referrer");
  ctx.set(
    "Content-Security-Policy",
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'",
  );
  ctx.body = page.text;
}

const ASSETS = { "hospital.css": "css", "schedule.js": "js", "overview.js": "js" } as const;

export function assetRoutes(router: Router): void {
  for (const [name, type] of Object.entries(ASSETS)) {
    const content = readFileSync(new URL(`./assets/${name}`, import.meta.url), "utf8");
    router.get(`/assets/${name}`, (ctx) => {
      ctx.type = type;
      ctx.body = content;
    });
  }
}

/** The first page of the pretend Microsoft: what it knows at the moment, live. */
import Router from "@koa/router";
import { type Content, type Html, html } from "../common/html.ts";
import { LIVE_SCRIPT } from "./live.ts";
import { page } from "./page.ts";
import { present } from "./teams/calls.ts";
import type { World } from "./world.ts";

const SHOWN = 25;

function table(
  caption: string,
  heads: readonly string[],
  rows: readonly (readonly Content[])[],
  none: string,
): Html {
  const body =
    rows.length === 0
      ? html`<p class="soft">${none}</p>`
      : html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody></table></div>`;
  return html`<section class="card"><h2>${caption}</h2>${body}</section>`;
}

const time = (date: Date | string): string => new Date(date).toISOString().slice(11, 19);

function meetings(world: World): Html {
  const rows = world.meetings.all.map((meeting) => [
    html`<a href="${meeting.joinWebUrl}">${meeting.subject ?? "Meeting"}</a>`,
    meeting.organizer.displayName,
    present(meeting)
      .map(({ person, state, silent }) => `${person.name} (${silent ? "connection lost" : state})`)
      .join(", ") || "nobody",
    time(meeting.created),
  ]);
  return table(
    "Meetings",
    ["Open", "Organiser", "People", "Made (UTC)"],
    rows,
    "No meeting has been made yet.",
  );
}

function subscriptions(world: World): Html {
  const rows = world.subscriptions.all.map((each) => [
    each.meeting === undefined ? "call records" : `call events of ${each.meeting.subject ?? "a meeting"}`,
    new URL(each.notificationUrl).origin,
    `${each.expires.toISOString().slice(0, 16)}Z`,
    each.warnings.join("; ") || "–",
  ]);
  return table("Subscriptions", ["To", "Receiver", "Until", "Warnings"], rows, "Nobody has subscribed.");
}

function deliveries(world: World): Html {
  const rows = world.deliveries.log
    .slice(-SHOWN)
    .reverse()
    .map(({ kind, items, outcome, tries, copy }) => [
      items
        .map((item) => {
          const { eventType, lifecycleEvent, changeType } = item as Record<string, string | undefined>;
          return eventType ?? lifecycleEvent ?? changeType ?? kind;
        })
        .join(" + "),
      `${outcome}${copy ? " (copy)" : ""}`,
      tries.map(({ status, ms }) => `${status || "none"} in ${ms} ms`).join(", ") || "–",
    ]);
  const { delivered = 0, over3s = 0 } = world.deliveries.counts();
  const caption = `Notifications (${delivered} delivered, ${over3s} answered after 3 seconds)`;
  return table(caption, ["What", "Outcome", "Answers"], rows, "None has been sent.");
}

function accounts(world: World): Html {
  const rows = world.entra.tenants.all.flatMap((tenant) =>
    tenant.users.map((user) => [user.displayName, user.userName, user.roles.join(", ") || "–", tenant.name]),
  );
  return table("Accounts", ["Name", "User name", "Roles", "Tenant"], rows, "There are no accounts.");
}

function piece(world: World): Html {
  return html`${meetings(world)}${subscriptions(world)}${deliveries(world)}`;
}

export function overviewRoutes(world: World): Router {
  const router = new Router();
  router.get("/", (ctx) => {
    const body = html`<h1>Pretend Microsoft</h1>
<p class="soft">Sign-in, Graph and meetings for the sandbox: what this stand-in knows at the moment.</p>
<div data-live="/overview" data-events="/overview/events">${piece(world)}</div>${accounts(world)}`;
    const standIn = "A stand-in for Microsoft's services: everything in it is made up.";
    ctx.body = page({ title: "Pretend Microsoft", standIn, body, script: LIVE_SCRIPT, wide: true });
  });
  router.get("/overview", (ctx) => {
    ctx.type = "html";
    ctx.set("Cache-Control", "no-store");
    ctx.body = piece(world).text;
  });
  router.get("/overview/events", (ctx) => {
    world.overview.open(ctx);
  });
  return router;
}

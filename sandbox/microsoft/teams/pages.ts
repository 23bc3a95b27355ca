/** The page in place of a Teams meeting: before joining, in the lobby, inside, and gone. */
import { type Html, html } from "../../common/html.ts";
import type { SignedIn } from "../entra/browser.ts";
import type { Meeting } from "../graph/meetings.ts";
import { LIVE_SCRIPT } from "../live.ts";
import { initials, page } from "../page.ts";
import { mayAdmit, present } from "./calls.ts";
import type { Leg } from "./model.ts";

export const STAND_IN = "A stand-in for a Teams meeting: no camera, no microphone, nobody real.";

function heading(text: string, say = text): Html {
  return html`<h1 id="heading" tabindex="-1" data-say="${say}">${text}</h1>`;
}

function act(
  name: string,
  label: string,
  options: { look?: string; id?: string; value?: string } = {},
): Html {
  const { look = "", id = name, value = "" } = options;
  return html`<form class="act"><input type="hidden" name="act" value="${name}">
<input type="hidden" name="target" value="${value}"><button id="${id}" class="${look}">${label}</button></form>`;
}

/** A guest is one by the name that was typed; the organiser is marked. */
function personLine(meeting: Meeting, leg: Leg, me: Leg | undefined, admit: boolean): Html {
  const { person, state, silent } = leg;
  const account = person.kind === "user";
  const role = !account ? "guest" : person.oid === meeting.organizer.oid ? "organiser" : "account";
  const where = silent
    ? html`<span class="tag out">connection lost</span>`
    : state === "lobby"
      ? html`<span class="tag lobby">in the lobby</span>`
      : html`<span class="tag in">in the meeting</span>`;
  const button = admit && state === "lobby" && !silent;
  return html`<li class="row"><span class="face" aria-hidden="true">${initials(person.name)}</span>
<span class="grow"><strong>${person.name}${leg === me ? " (you)" : ""}</strong><br><small class="soft">${role}</small> · ${where}</span>
${button ? act("admit", `Admit ${person.name}`, { look: "primary", id: `admit-${leg.id}`, value: leg.id }) : ""}</li>`;
}

function roster(meeting: Meeting, me: Leg | undefined, admit: boolean): Html {
  const legs = present(meeting);
  const waiting = legs.filter(({ state }) => state === "lobby").length;
  return html`<h2>People (${legs.length - waiting} in, ${waiting} waiting)</h2>
<ul class="plain">${legs.map((leg) => personLine(meeting, leg, me, admit))}</ul>`;
}

function beforeJoining(meeting: Meeting, accounts: readonly SignedIn[], signIn: string): Html {
  const count = present(meeting).length;
  const people =
    count === 0 ? "Nobody is here yet." : count === 1 ? "One person is here." : `${count} people are here.`;
  const own = accounts.map(
    ({ user }) => html`<form class="act"><input type="hidden" name="act" value="join">
<input type="hidden" name="account" value="${user.oid}"><button class="primary account" id="join-${user.oid}">
<span class="grow">Join as <strong>${user.displayName}</strong></span></button></form>`,
  );
  const guestLook = accounts.length === 0 ? "primary" : "";
  return html`${heading("Ready to join?")}
<p class="soft">${people}</p>
${own}
<form class="act"><h2>${accounts.length === 0 ? "Join as a guest" : "Or join as a guest"}</h2>
<input type="hidden" name="act" value="join">
<label for="name">Name that the others see</label>
<p class="row"><span class="grow"><input type="text" id="name" name="name" value="Guest" maxlength="60" autocomplete="off"></span>
<button class="${guestLook}" id="join-guest">Join as guest</button></p></form>
<p><a href="${signIn}">Use ${accounts.length === 0 ? "a" : "another"} pretend account</a></p>`;
}

function inside(meeting: Meeting, me: Leg): Html {
  const admit = mayAdmit(meeting, me);
  return html`${heading("You are in the meeting")}
<div class="stage" aria-hidden="true">Here would be the video of everybody.</div>
<div class="row">${act("leave", "Leave", { look: "bad" })}${act("drop", "Lose the network")}
${admit ? act("end", "End for all", { look: "bad" }) : ""}</div>
${roster(meeting, me, admit)}`;
}

function waiting(): Html {
  return html`${heading("You are in the lobby", "You are in the lobby. Please wait until you are let in.")}
<div class="stage">Somebody in the meeting will let you in.</div>
<div class="row">${act("leave", "Leave", { look: "bad" })}${act("drop", "Lose the network")}</div>`;
}

function gone(meeting: Meeting, me: Leg): Html {
  const ended = me.call.ended !== undefined && meeting.call === undefined;
  const title = me.silent
    ? "Your connection is lost"
    : me.state === "gone" && ended
      ? "The meeting has ended"
      : "You have left the meeting";
  return html`${heading(title)}
<p class="soft">${me.silent ? "The others still see you, until Microsoft notices." : "You can close this page."}</p>
<div class="row">${act("rejoin", me.silent ? "Rejoin" : "Join again", { look: "primary" })}</div>`;
}

/** The piece of the page that changes. */
export function room(
  meeting: Meeting,
  me: Leg | undefined,
  accounts: readonly SignedIn[],
  signIn: string,
): Html {
  if (me === undefined) {
    return beforeJoining(meeting, accounts, signIn);
  }
  if (me.silent || me.state === "gone") {
    return gone(meeting, me);
  }
  return me.state === "lobby" ? waiting() : inside(meeting, me);
}

export function meetingPage(
  meeting: Meeting,
  accounts: readonly SignedIn[],
  addresses: { readonly base: string; readonly signIn: string },
): string {
  const { base, signIn } = addresses;
  const body = html`<p class="soft">${meeting.subject ?? "A meeting"} · ${meeting.tenant.name}</p>
<div class="card" data-live="${base}/room" data-events="${base}/events" data-acts="${base}/acts">${room(meeting, undefined, accounts, signIn)}</div>
<p id="said" role="status" class="unseen"></p>`;
  return page({ title: "Stand-in for a Teams meeting", standIn: STAND_IN, body, script: LIVE_SCRIPT });
}

export function noMeetingPage(): string {
  const body = html`<div class="card"><h1>There is no such meeting</h1>
<p>It may have been deleted, or the pretend Microsoft was started anew. Open the visit again from the pretend hospital.</p></div>`;
  return page({ title: "Stand-in for a Teams meeting", standIn: STAND_IN, body });
}

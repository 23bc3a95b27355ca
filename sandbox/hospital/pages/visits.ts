/** The clinician's schedule and the patient's portal: who one is, one's appointments, *Begin virtual visit*. */
import type Router from "@koa/router";
import type { Context } from "koa";
import { readForm } from "../../common/body.ts";
import type { Appointment } from "../../common/cast.ts";
import { type Content, type Html, html } from "../../common/html.ts";
import type { Environment } from "../environment.ts";
import { startOf } from "../fhir-data.ts";
import {
  appointment as appointmentOf,
  appointments,
  ehrUser,
  ehrUsers,
  patient,
  patientName,
  patients,
} from "../people.ts";
import type { ParticipantStatus } from "../status-log.ts";
import { begin, beginButton, deviceTestButton } from "./begin.ts";
import { render } from "./layout.ts";

interface Participant {
  readonly name: string;
  readonly role: string;
  readonly externalId: string;
  readonly externalIdType: string;
}

function expected({ patients: patientKeys, providers }: Appointment): Participant[] {
  const people = [
    ...patientKeys.map((key) => {
      const one = patient(key);
      return (
        one && { name: patientName(one), role: "Patient", externalId: one.patientId, externalIdType: "2" }
      );
    }),
    ...providers.map((key) => {
      const one = ehrUser(key);
      return one && { name: one.practitioner, role: "Clinician", externalId: one.login, externalIdType: "1" };
    }),
  ];
  return people.filter((one) => one !== undefined);
}

/** Those of the schedule, and whoever else the EHR was told about. */
function participants(one: Appointment, present: readonly ParticipantStatus[]): Participant[] {
  const people = expected(one);
  for (const { appointment, externalId, externalIdType } of present) {
    if (appointment === one.key && !people.some((person) => person.externalId === externalId)) {
      const name = ehrUsers.find(({ login }) => login === externalId)?.practitioner ?? externalId;
      people.push({ name, role: "Clinician, not scheduled", externalId, externalIdType });
    }
  }
  return people;
}

function badge(one: Appointment, person: Participant, present: readonly ParticipantStatus[]): Html {
  const { externalId, externalIdType } = person;
  const key = `${one.key}|${externalIdType}|${externalId}`;
  const status = present.find(
    (known) =>
      known.appointment === one.key &&
      known.externalId === externalId &&
      known.externalIdType === externalIdType,
  );
  return status === undefined
    ? html`<span class="badge" data-participant="${key}">not there yet</span>`
    : html`<span class="badge ${status.state}" data-participant="${key}">${status.state}<time datetime="${status.at}" data-clock>${status.at.slice(11, 19)}</time></span>`;
}

function startTime(one: Appointment, environment: Environment): Html {
  const start = startOf(one, environment).toISOString();
  return html`<time class="at" datetime="${start}" data-short>${start.slice(11, 16)}</time>`;
}

function scheduleCard(one: Appointment, environment: Environment, button: Html): Html {
  const present = environment.calls.present;
  const people = participants(one, present).map(
    (person) =>
      html`<li><span>${person.name} <span class="role">${person.role}</span></span>${badge(one, person, present)}</li>`,
  );
  return html`<article class="card visit" data-appointment="${one.key}">
${startTime(one, environment)}
<div><h2>${one.title}</h2><p class="quiet">${one.department} · visit ${one.csn}</p></div>
${button}
<ul class="participants" aria-live="polite">${people}</ul>
</article>`;
}

function picker(
  label: string,
  path: string,
  chosen: string,
  people: readonly { key: string; name: string }[],
): Html {
  const items = people.map(({ key, name }) => {
    const current: Content = key === chosen ? html` aria-current="true"` : undefined;
    return html`<li><a href="${path}?as=${key}"${current}>${name}</a></li>`;
  });
  return html`<nav class="picker" aria-label="${label}"><span aria-hidden="true">You are</span><ul class="people">${items}</ul></nav>`;
}

function schedule(ctx: Context, environment: Environment): void {
  const clinicians = ehrUsers.filter(({ role }) => role === "provider");
  const user = clinicians.find(({ key }) => key === ctx.query.as) ?? clinicians[0];
  const mine = appointments.filter(({ providers }) => user !== undefined && providers.includes(user.key));
  const cards = mine.map((appointment) =>
    scheduleCard(
      appointment,
      environment,
      beginButton(environment, { user, patient: undefined, appointment }),
    ),
  );
  const names = clinicians.map(({ key, practitioner: name }) => ({ key, name }));
  render(ctx, {
    title: "Schedule",
    section: "schedule",
    environment,
    script: "schedule.js",
    content: html`<h1>Today's schedule</h1>
<p class="lead">Who is where is shown as the health record was told it, the moment it was told.</p>
${picker("Which clinician are you?", `/${environment.name}/schedule`, user?.key ?? "", names)}
<div class="stack" data-live="/${environment.name}/live">${cards}</div>`,
  });
}

function portalCard(one: Appointment, environment: Environment, button: Html): Html {
  const clinicians = one.providers
    .map((key) => ehrUser(key)?.practitioner)
    .filter((name) => name !== undefined);
  return html`<article class="card visit">
${startTime(one, environment)}
<div><h2>${one.title}</h2><p class="quiet">with ${clinicians.join(" and ")}</p></div>
${button}
</article>`;
}

function portal(ctx: Context, environment: Environment): void {
  const who = patients.find(({ key }) => key === ctx.query.as) ?? patients[0];
  const mine = appointments.filter((one) => who !== undefined && one.patients.includes(who.key));
  const cards = mine.map((appointment) => {
    const begin = beginButton(environment, { user: undefined, patient: who, appointment });
    const test = who === undefined ? html`` : deviceTestButton(environment, who, appointment);
    return portalCard(appointment, environment, html`<div class="row">${begin}${test}</div>`);
  });
  const names = patients.map((one) => ({ key: one.key, name: patientName(one) }));
  render(ctx, {
    title: "Your visits",
    section: "portal",
    environment,
    script: "schedule.js",
    content: html`<h1>Hello ${who?.given}</h1>
<p class="lead">These are your visits today. You need no account and nothing to install.</p>
${picker("Which patient are you?", `/${environment.name}/portal`, who?.key ?? "", names)}
<div class="stack">${cards}</div>`,
  });
}

export function visitRoutes(router: Router, environment: Environment): void {
  const root = `/${environment.name}`;
  router.get(`${root}/schedule`, (ctx) => schedule(ctx, environment));
  router.get(`${root}/portal`, (ctx) => portal(ctx, environment));
  router.get(`${root}/live`, (ctx) => {
    environment.live.open(ctx, { event: "present", data: environment.calls.present });
  });
  router.post(`${root}/begin`, async (ctx) => {
    const form = await readForm(ctx);
    const appointment = appointmentOf(form.get("appointment"));
    const user = form.get("role") === "provider" ? ehrUser(form.get("user")) : undefined;
    const who = form.get("role") === "patient" ? patient(form.get("user")) : undefined;
    if (appointment === undefined || (user ?? who) === undefined) {
      return ctx.throw(400, "who begins which visit is not clear");
    }
    const url = begin(environment, {
      user,
      patient: who,
      appointment,
      deviceTest: who !== undefined && form.get("deviceTest") === "yes",
    });
    if (typeof url === "string") {
      return ctx.throw(409, url);
    }
    ctx.redirect(url.href);
    ctx.status = 303;
  });
}

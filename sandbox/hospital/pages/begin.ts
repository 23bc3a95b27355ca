/** Opening a visit: the launch behind the button *Begin virtual visit*, on the pages and for tests. */

import type { Appointment, EhrUser, Patient } from "../../common/cast.ts";
import { type Html, html } from "../../common/html.ts";
import type { Environment } from "../environment.ts";
import { launchUrl, type Overrides } from "../launches.ts";
import { recordKindOf } from "../people.ts";

export interface Opening {
  readonly user: EhrUser | undefined;
  readonly patient: Patient | undefined;
  readonly appointment: Appointment;
  readonly overrides?: Overrides;
  /** The patient tests camera, microphone and speaker before the day: a record of its own. */
  readonly deviceTest?: boolean;
}

/** The launch URL, or a sentence that says why there is none. */
export function begin(environment: Environment, opening: Opening): URL | string {
  const { appointment, overrides = {}, user, patient, deviceTest = false } = opening;
  const kind = deviceTest
    ? "device-test"
    : recordKindOf(user === undefined ? "patient" : "provider", appointment);
  const record = environment.records.get(kind);
  if (record === undefined) {
    return `There is no integration record "${kind}" in the ${environment.name} environment yet.`;
  }
  if (patient !== undefined && !appointment.patients.includes(patient.key)) {
    return `${patient.key} has no part in the appointment ${appointment.key}.`;
  }
  const token = environment.launches.issue({ user, patient, appointment, record, overrides });
  return new URL(launchUrl(record, overrides.iss ?? environment.launchIssuer, token));
}

/** The button itself; without a record it says what is missing. */
export function beginButton(environment: Environment, { user, patient, appointment }: Opening): Html {
  const role = user === undefined ? "patient" : "provider";
  const kind = recordKindOf(role, appointment);
  if (!environment.records.has(kind)) {
    const hint = `no-record-${appointment.key}`;
    const where = user && html` · <a href="/${environment.name}/records">Records</a>`;
    return html`<div><button class="button" disabled aria-describedby="${hint}">Begin virtual visit</button>
<p class="quiet" id="${hint}">Not set up yet${where}</p></div>`;
  }
  const name = `${appointment.title} ${appointment.csn}`;
  // A clinician keeps the schedule in view; a patient has one tap, in the same tab.
  const target = user === undefined ? undefined : html` target="_blank" rel="noopener"`;
  return html`<form method="post" action="/${environment.name}/begin"${target}>
<input type="hidden" name="role" value="${role}">
<input type="hidden" name="user" value="${(user ?? patient)?.key}">
<input type="hidden" name="appointment" value="${appointment.key}">
<button class="button" aria-label="Begin virtual visit: ${name}">Begin virtual visit</button>
</form>`;
}

/** The button of the device test, where its record is there. */
export function deviceTestButton(environment: Environment, patient: Patient, appointment: Appointment): Html {
  if (!environment.records.has("device-test")) {
    return html``;
  }
  return html`<form method="post" action="/${environment.name}/begin">
<input type="hidden" name="role" value="patient">
<input type="hidden" name="user" value="${patient.key}">
<input type="hidden" name="appointment" value="${appointment.key}">
<input type="hidden" name="deviceTest" value="yes">
<button class="button second" aria-label="Test my devices: ${appointment.title} ${appointment.csn}">Test my devices</button>
</form>`;
}

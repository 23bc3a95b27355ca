/** The cast as FHIR R4 resources: patients, practitioners, appointments and the encounters that go with them. */
import type { Appointment, Encounter, Patient, Practitioner, Resource } from "@medplum/fhirtypes";
import type { Appointment as CastAppointment } from "../common/cast.ts";
import type { Environment } from "./environment.ts";
import { appointments, ehrUser, ehrUsers, fhirIds, patient, patientName, patients } from "./people.ts";

const SYSTEM = "urn:oid:1.2.840.114350.1.13.0.1.7";
const VISIT_MINUTES = 30;

function patientResources(): Patient[] {
  return patients.map((one) => ({
    resourceType: "Patient",
    id: one.fhirId,
    active: true,
    identifier: [{ system: `${SYSTEM}.5.737384.14`, value: one.patientId }],
    name: [{ use: "official", family: one.family, given: [one.given] }],
    telecom: [{ system: "phone", value: one.phone, use: "mobile" }],
    birthDate: one.birthDate,
  }));
}

function practitionerResources(): Practitioner[] {
  return ehrUsers.map((one) => ({
    resourceType: "Practitioner",
    id: one.fhirId,
    active: true,
    identifier: [{ system: `${SYSTEM}.2.697780`, value: one.login }],
    name: [{ text: one.practitioner }],
  }));
}

function participants(one: CastAppointment): NonNullable<Appointment["participant"]> {
  const actors = [
    ...one.patients.map((key) => {
      const who = patient(key);
      return who && { reference: `Patient/${who.fhirId}`, display: patientName(who) };
    }),
    ...one.providers.map((key) => {
      const who = ehrUser(key);
      return who && { reference: `Practitioner/${who.fhirId}`, display: who.practitioner };
    }),
  ];
  return actors.filter((actor) => actor !== undefined).map((actor) => ({ actor, status: "accepted" }));
}

export function startOf({ minutesFromNow }: CastAppointment, { started }: Environment): Date {
  return new Date(started + minutesFromNow * 60_000);
}

function appointmentResource(one: CastAppointment, environment: Environment): Appointment {
  const start = startOf(one, environment);
  return {
    resourceType: "Appointment",
    id: fhirIds.appointment(one),
    identifier: [{ system: `${SYSTEM}.3.698084.8`, value: one.csn }],
    status: "booked",
    description: one.title,
    start: start.toISOString(),
    end: new Date(start.getTime() + VISIT_MINUTES * 60_000).toISOString(),
    participant: participants(one),
  };
}

function encounterResource(one: CastAppointment): Encounter {
  const only = one.patients.length === 1 ? patient(one.patients[0]) : undefined;
  return {
    resourceType: "Encounter",
    id: fhirIds.encounter(one),
    identifier: [{ system: `${SYSTEM}.3.698084.8`, value: one.csn }],
    status: "planned",
    class: { system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: "VR", display: "virtual" },
    ...(only && { subject: { reference: `Patient/${only.fhirId}` } }),
    appointment: [{ reference: `Appointment/${fhirIds.appointment(one)}` }],
  };
}

export function resources(environment: Environment): Resource[] {
  return [
    ...patientResources(),
    ...practitionerResources(),
    ...appointments.flatMap((one) => [appointmentResource(one, environment), encounterResource(one)]),
  ];
}

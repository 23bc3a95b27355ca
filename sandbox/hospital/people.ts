/** Looks people and appointments of the cast up, by key and by the names that FHIR and the EHR give them. */
import { type Appointment, cast, type EhrUser, type Patient } from "../common/cast.ts";
import type { RecordKind } from "./records.ts";

export const { ehrUsers, patients, appointments } = cast.hospital;

export function ehrUser(key: unknown): EhrUser | undefined {
  return ehrUsers.find((user) => user.key === key);
}

export function patient(key: unknown): Patient | undefined {
  return patients.find((one) => one.key === key);
}

export function appointment(key: unknown): Appointment | undefined {
  return appointments.find((one) => one.key === key);
}

export function byConference(id: string): Appointment | undefined {
  return appointments.find(({ csn, conferenceId }) => csn === id || conferenceId === id);
}

export function personByFhirId(fhirId: string): EhrUser | Patient | undefined {
  return [...ehrUsers, ...patients].find((person) => person.fhirId === fhirId);
}

export function patientName({ given, family }: Patient): string {
  return `${given} ${family}`;
}

export function recordKindOf(role: "provider" | "patient", { group }: Appointment): RecordKind {
  return group === true ? `group-${role}` : role;
}

/** FHIR ids of what belongs to an appointment. */
export const fhirIds = {
  appointment: ({ csn }: Appointment): string => `eAppointment${csn}`,
  encounter: ({ csn }: Appointment): string => `eEncounter${csn}`,
  location: ({ department }: Appointment): string => `eLocation${department}`,
};

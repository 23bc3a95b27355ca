/** The people, tenants, applications and appointments of the sandbox, typed (cast.json, every name made up). */
import { readFileSync } from "node:fs";

export interface EntraUser {
  readonly key: string;
  readonly oid: string;
  readonly userName: string;
  readonly displayName: string;
  readonly roles: readonly string[];
  /** false: Graph answers 403 for meetings that this user would organise. */
  readonly applicationAccessPolicy?: boolean;
}

export interface Tenant {
  readonly id: string;
  readonly name: string;
  readonly domain: string;
  readonly users: readonly EntraUser[];
}

export interface Applications {
  readonly apiClientId: string;
  readonly portalClientId: string;
  readonly managedIdentityClientId: string;
  readonly managedIdentityPrincipalId: string;
  readonly homeTenantId: string;
  readonly ehrClientIdTest: string;
  readonly ehrClientIdProduction: string;
}

export interface EhrUser {
  readonly key: string;
  readonly login: string;
  readonly fhirId: string;
  readonly practitioner: string;
  readonly role: "provider" | "analyst";
}

export interface Patient {
  readonly key: string;
  readonly fhirId: string;
  readonly patientId: string;
  readonly given: string;
  readonly family: string;
  readonly birthDate: string;
  readonly phone: string;
}

export interface Appointment {
  readonly key: string;
  readonly csn: string;
  readonly conferenceId: string;
  readonly department: string;
  readonly patients: readonly string[];
  readonly providers: readonly string[];
  readonly minutesFromNow: number;
  readonly title: string;
  readonly group?: boolean;
}

export interface Cast {
  readonly about: string;
  readonly tenants: readonly Tenant[];
  readonly applications: Applications;
  readonly hospital: {
    readonly name: string;
    readonly ehrUsers: readonly EhrUser[];
    readonly patients: readonly Patient[];
    readonly appointments: readonly Appointment[];
  };
}

export const cast = JSON.parse(readFileSync(new URL("../cast.json", import.meta.url), "utf8")) as Cast;

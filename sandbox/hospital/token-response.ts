/** What Epic's token responses say beyond OAuth: launch context, the record's own members, granted scopes. */
import { decodeJwt } from "jose";
import type { KoaContextWithOIDC } from "oidc-provider";
import type { Environment } from "./environment.ts";
import type { Launch } from "./launches.ts";
import { fhirIds, patient as patientOf } from "./people.ts";
import { contextMembers } from "./records.ts";
import { makeSigningKey, type SigningKey, signClaims } from "./signing.ts";

/** What the application is registered for: it is granted whatever was asked. */
export const BACKEND_SCOPES = ["system/Appointment.read", "system/Patient.read"];
const REGISTERED_SCOPES = ["user/Appointment.read", "user/Patient.read"];

type Members = Record<string, unknown>;

function launchMembers(launch: Launch, environment: Environment): Members {
  const { appointment, user } = launch;
  const only = appointment.patients.length === 1 ? patientOf(appointment.patients[0]) : undefined;
  const patient = launch.patient ?? only;
  const members: Members = {
    ...(patient && { patient: patient.fhirId, "__epic.dstu2.patient": `T${patient.patientId}` }),
    appointment: fhirIds.appointment(appointment),
    encounter: fhirIds.encounter(appointment),
    location: fhirIds.location(appointment),
    need_patient_banner: "false",
    smart_style_url: `${environment.origin}${environment.prefix}/style.json`,
    ...(user && { loginDepartment: appointment.department }),
  };
  const { overrides, record } = launch;
  if (overrides.omitContext === true) {
    delete members.appointment;
    delete members.encounter;
  } else {
    Object.assign(members, contextMembers(record.contextToken, { appointment, user, patient }));
  }
  Object.assign(members, overrides.context);
  return members;
}

async function oddIdToken(
  original: string,
  odd: NonNullable<Launch["overrides"]["idToken"]>,
  key: SigningKey,
) {
  const { omit = [], badSignature = false, ...replaced } = odd;
  const claims: Members = { ...decodeJwt(original), ...replaced };
  for (const name of omit) {
    delete claims[name];
  }
  return signClaims(claims, key, badSignature ? await makeSigningKey() : key);
}

/** Changes the provider's own token response into the one that Epic would have sent. */
export async function completeTokenResponse(
  ctx: KoaContextWithOIDC,
  environment: Environment,
  key: SigningKey,
): Promise<void> {
  const body = ctx.body as Members;
  const code = ctx.oidc.entities.AuthorizationCode;
  if (code === undefined) {
    body.scope = BACKEND_SCOPES.join(" ");
    return;
  }
  body.scope = [body.scope, ...REGISTERED_SCOPES].join(" ");
  const launch = environment.launches.granted(code.grantId ?? "");
  if (launch === undefined) {
    return;
  }
  const odd = launch.overrides.idToken;
  if (odd !== undefined && typeof body.id_token === "string") {
    body.id_token = await oddIdToken(body.id_token, odd, key);
  }
  // The record's members come first: they can never take the place of what OAuth itself says.
  const members = Object.entries({ ...launchMembers(launch, environment), ...body });
  ctx.body = Object.fromEntries(members.filter(([, value]) => value !== null));
}

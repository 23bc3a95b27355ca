/** Epic's SetExternalConnectionStatus: its parameters, its answers, and each way in which it says no. */
import type Router from "@koa/router";
import type { Context } from "koa";
import { seeded } from "../common/random.ts";
import { bearerOf, isSystemUser, unauthorised } from "./bearer.ts";
import type { Environment } from "./environment.ts";
import type { AuthorisationServer } from "./oauth.ts";
import { byConference, ehrUsers, patients } from "./people.ts";
import { STATES } from "./status-log.ts";

const PATH =
  "/api/epic/2018/Clinical/Patient/SETEXTERNALCONNECTIONSTATUS/Telemedicine/SetExternalConnectionStatus";

/** LOCK-FAILED to order: for a number of calls, or for each call with a probability drawn from a seed. */
export class Locks {
  #times = 0;
  #probability = 0;
  #draw = seeded(1);

  order(times: number, probability = 0, seed = 1): void {
    this.#times = times;
    this.#probability = probability;
    this.#draw = seeded(seed);
  }

  fails(): boolean {
    if (this.#times > 0) {
      this.#times -= 1;
      return true;
    }
    return this.#probability > 0 && this.#draw() < this.#probability;
  }
}

interface Parameters {
  readonly conferenceId: string;
  readonly externalId: string;
  readonly externalIdType: string;
  readonly vendorName: string;
  readonly connectionStatus: string;
}

/** Parameter names are not case-sensitive, as in the framework that serves the real one. */
function parameters(ctx: Context): Parameters {
  const given = new Map(
    [...new URLSearchParams(ctx.querystring)].map(([name, value]) => [name.toLowerCase(), value]),
  );
  const text = (name: string): string => (given.get(name) ?? "").trim();
  return {
    conferenceId: text("conferenceid"),
    externalId: text("externalid"),
    externalIdType: text("externalidtype"),
    vendorName: text("vendorname"),
    connectionStatus: text("connectionstatus"),
  };
}

function missing(given: Parameters): string | undefined {
  const codes = [
    [given.conferenceId, "NO-CONFERENCE-ID"],
    [given.externalId, "NO-USER-ID"],
    [given.externalIdType, "NO-USER-ID-TYPE"],
    [given.vendorName, "NO-VENDOR-NAME"],
    [given.connectionStatus, "NO-CONNECTION-STATUS"],
  ] as const;
  return codes.find(([value]) => value === "")?.[1];
}

/** Type 1 is an EHR user's login; type 2 a patient's id, who must belong to the conference. */
function invalid(given: Parameters): string | undefined {
  const appointment = byConference(given.conferenceId);
  if (appointment === undefined) {
    return "INVALID-CONFERENCE-ID";
  }
  if (!["1", "2"].includes(given.externalIdType)) {
    return "INVALID-USER-ID-TYPE";
  }
  const known =
    given.externalIdType === "1"
      ? ehrUsers.some(({ login }) => login === given.externalId)
      : patients.some(
          ({ key, patientId }) => patientId === given.externalId && appointment.patients.includes(key),
        );
  if (!known) {
    return "INVALID-USER-ID";
  }
  return STATES[given.connectionStatus] === undefined ? "INVALID-CONNECTION-STATUS" : undefined;
}

/** The body of an error of that framework: the code stands in the middle of a sentence. */
function failure(code: string): object {
  const trace = "   at Epic.ServiceModel.Internal.ServiceCommand.Execute()";
  return {
    Message: "An error has occurred.",
    ExceptionMessage: `An error occurred while executing the command: ${code}.`,
    ExceptionType: "Epic.ServiceModel.Internal.ServiceCommandException",
    StackTrace: trace,
    InnerException: {
      Message: "An error has occurred.",
      ExceptionMessage: code,
      ExceptionType: "Epic.Core.Communication.EcfCommandException",
      StackTrace: trace,
    },
  };
}

function stamp(given: Parameters, at: string, environment: Environment): void {
  const state = STATES[given.connectionStatus];
  const appointment = byConference(given.conferenceId);
  if (state !== undefined && appointment !== undefined) {
    const { externalId, externalIdType } = given;
    environment.calls.stamp({ appointment: appointment.key, externalId, externalIdType, state, at });
  }
}

export function statusCallRoute(
  router: Router,
  environment: Environment,
  server: AuthorisationServer,
  locks: Locks,
): void {
  router.get(`${environment.prefix}${PATH}`, async (ctx) => {
    const given = parameters(ctx);
    const at = new Date().toISOString();
    const answer = (status: number, outcome: string): void => {
      ctx.status = status;
      environment.calls.log({ at, ...given, status, outcome });
    };
    if (!isSystemUser(ctx, environment) && (await bearerOf(ctx, server)) !== "system") {
      unauthorised(ctx);
      answer(401, "UNAUTHORIZED");
      return;
    }
    const code = missing(given) ?? invalid(given) ?? (locks.fails() ? "LOCK-FAILED" : undefined);
    if (code !== undefined) {
      ctx.body = failure(code);
      answer(400, code);
      return;
    }
    ctx.body = { Status: "1" };
    answer(200, "OK");
    stamp(given, at, environment);
  });
}

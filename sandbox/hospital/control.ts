/** The hospital's control routes, for tests and the demo: records, launches, the log of status calls, locks. */
import type Router from "@koa/router";
import type { Context } from "koa";
import { readObject, textMember } from "../common/body.ts";
import { type Environment, environmentName } from "./environment.ts";
import { LAUNCH_ERRORS, type Overrides } from "./launches.ts";
import { begin } from "./pages/begin.ts";
import { appointment as appointmentOf, ehrUser, patient } from "./people.ts";
import { checkedRecord, RECORD_KINDS, recordKind } from "./records.ts";
import type { Locks } from "./status-call.ts";

export type Environments = Readonly<Record<"test" | "production", Environment>>;

function environmentOf(ctx: Context, value: unknown, environments: Environments): Environment {
  const name = environmentName(value);
  return name === undefined
    ? ctx.throw(400, '"environment" must be "test" or "production"')
    : environments[name];
}

function overridesOf(ctx: Context, value: unknown): Overrides {
  if (value === undefined) {
    return {};
  }
  if (typeof value !== "object" || value === null) {
    return ctx.throw(400, '"overrides" must be an object');
  }
  const known = ["omitContext", "iss", "error", "context", "idToken"];
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    return ctx.throw(400, `there is no override "${unknown}"`);
  }
  const overrides = value as Overrides;
  if (overrides.error !== undefined && !LAUNCH_ERRORS.includes(overrides.error)) {
    return ctx.throw(400, `"error" must be one of ${LAUNCH_ERRORS.join(", ")}`);
  }
  return overrides;
}

async function addRecord(ctx: Context, environments: Environments): Promise<void> {
  const body = await readObject(ctx);
  const environment = environmentOf(ctx, body.environment, environments);
  const kind = recordKind(body.kind);
  if (kind === undefined) {
    return ctx.throw(400, `"kind" must be one of ${RECORD_KINDS.join(", ")}`);
  }
  const [url, clientId, context] = ["launchUrl", "clientId", "contextToken"].map((name) =>
    textMember(ctx, body, name),
  );
  const record = checkedRecord(url ?? "", clientId ?? "", context ?? "");
  if (typeof record === "string") {
    return ctx.throw(400, record);
  }
  environment.records.set(kind, record);
  ctx.body = { kind, ...record };
}

async function addLaunch(ctx: Context, environments: Environments): Promise<void> {
  const body = await readObject(ctx);
  const environment = environmentOf(ctx, body.environment, environments);
  const user = body.role === "provider" ? ehrUser(body.user) : undefined;
  const who = body.role === "patient" ? patient(body.user) : undefined;
  const appointment = appointmentOf(body.appointment);
  if (user === undefined && who === undefined) {
    return ctx.throw(400, '"role" must be "provider" or "patient", and "user" the key of such a person');
  }
  if (appointment === undefined) {
    return ctx.throw(400, '"appointment" must be the key of an appointment');
  }
  const overrides = overridesOf(ctx, body.overrides);
  const deviceTest = body.kind === "device-test";
  const url = begin(environment, { user, patient: who, appointment, overrides, deviceTest });
  if (typeof url === "string") {
    return ctx.throw(409, url);
  }
  ctx.body = { url: url.href };
}

async function orderLocks(ctx: Context, locks: Locks): Promise<void> {
  const { times = 0, probability = 0, seed = 1 } = await readObject(ctx);
  const usable =
    Number.isInteger(times) &&
    typeof probability === "number" &&
    probability >= 0 &&
    probability <= 1 &&
    typeof seed === "number";
  if (!usable) {
    return ctx.throw(400, '"times" must be a whole number, "probability" between 0 and 1, "seed" a number');
  }
  locks.order(times as number, probability, seed);
  ctx.body = { times, probability, seed };
}

export function controlRoutes(router: Router, environments: Environments, locks: Locks): void {
  router.post("/control/records", (ctx) => addRecord(ctx, environments));
  router.get("/control/records", (ctx) => {
    const { records } = environmentOf(ctx, ctx.query.environment, environments);
    ctx.body = { records: [...records].map(([kind, record]) => ({ kind, ...record })) };
  });
  router.post("/control/launches", (ctx) => addLaunch(ctx, environments));
  router.get("/control/status-calls", (ctx) => {
    ctx.body = { calls: environmentOf(ctx, ctx.query.environment, environments).calls.all };
  });
  router.post("/control/lock-failed", (ctx) => orderLocks(ctx, locks));
}

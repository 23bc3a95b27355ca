/** Routes of attendance reports and call records. */
import type Router from "@koa/router";
import type { Context } from "koa";
import { demandRole } from "./caller.ts";
import { badRequest, notFound } from "./errors.ts";
import type { AttendanceReport, CallRecord } from "./reports.ts";
import { callerOf, context, type GraphState, meetingOf, organizerOf } from "./request.ts";

const ARTIFACTS = "OnlineMeetingArtifact.Read.All";
const PAGE = 60;

function reportsOf(ctx: Context, state: GraphState): AttendanceReport[] {
  const caller = callerOf(ctx);
  demandRole(caller, ARTIFACTS);
  return state.reports.attendance(meetingOf(ctx, state, organizerOf(ctx, caller)));
}

function reportOf(ctx: Context, state: GraphState): AttendanceReport {
  const report = reportsOf(ctx, state).find(({ id }) => id === ctx.params.report);
  if (report === undefined) {
    throw notFound("The attendance report was not found.");
  }
  return report;
}

export function reportRoutes(router: Router, state: GraphState): void {
  const base = "/users/:user/onlineMeetings/:meeting/attendanceReports";
  const head = (ctx: Context, rest: string): Record<string, string> =>
    context(ctx, state.origin, `users('${ctx.params.user}')/onlineMeetings('${ctx.params.meeting}')/${rest}`);
  router.get(base, (ctx) => {
    const value = reportsOf(ctx, state).map(({ resource }) => resource);
    ctx.body = { ...head(ctx, "attendanceReports"), value };
  });
  router.get(`${base}/:report`, (ctx) => {
    const { resource, records } = reportOf(ctx, state);
    const expand = expandsOf(ctx).has("attendanceRecords") ? { attendanceRecords: records } : {};
    ctx.body = { ...head(ctx, "attendanceReports/$entity"), ...resource, ...expand };
  });
  router.get(`${base}/:report/attendanceRecords`, (ctx) => {
    ctx.body = { ...head(ctx, "attendanceRecords"), value: reportOf(ctx, state).records };
  });
}

/** Names in `$expand`, those in brackets included: `sessions($expand=segments)`. */
function expandsOf(ctx: Context): Set<string> {
  return new Set(String(ctx.query.$expand ?? "").match(/\w+/g) ?? []);
}

function recordsOf(ctx: Context, state: GraphState): CallRecord[] {
  const caller = callerOf(ctx);
  demandRole(caller, "CallRecords.Read.All");
  return state.reports.records(caller.tenant);
}

function recordOf(ctx: Context, state: GraphState): CallRecord {
  const record = recordsOf(ctx, state).find(({ id }) => id === ctx.params.record);
  if (record === undefined) {
    throw notFound("The call record was not found.");
  }
  return record;
}

function sessionsOf(record: CallRecord, withSegments: boolean): object[] {
  return record.sessions.map(({ segments, ...session }) =>
    withSegments ? { ...session, segments } : session,
  );
}

/** `startDateTime ge …`, `lt …`, and `participants_v2/any(p:p/id eq '…')`, joined by `and`. */
function filtered(records: readonly CallRecord[], filter: string): CallRecord[] {
  const terms = filter === "" ? [] : filter.split(/\s+and\s+/i);
  return terms.reduce<CallRecord[]>(
    (left, term) => {
      const [, operator, date] = /^startDateTime\s+(ge|gt|le|lt)\s+(\S+)$/i.exec(term.trim()) ?? [];
      const [, id] = /^participants_v2\/any\(p:\s*p\/id\s+eq\s+'([^']+)'\)$/i.exec(term.trim()) ?? [];
      if (id !== undefined) {
        return left.filter(({ participants }) => participants.some((each) => each.id === id));
      }
      const bound = Date.parse(date ?? "");
      if (operator === undefined || Number.isNaN(bound)) {
        throw badRequest(`The filter '${term}' is not supported.`);
      }
      return left.filter(({ started }) => compared(started.getTime(), operator.toLowerCase(), bound));
    },
    [...records],
  );
}

function compared(value: number, operator: string, bound: number): boolean {
  switch (operator) {
    case "ge":
      return value >= bound;
    case "gt":
      return value > bound;
    case "le":
      return value <= bound;
    default:
      return value < bound;
  }
}

export function recordRoutes(router: Router, state: GraphState): void {
  const base = "/communications/callRecords";
  router.get(base, (ctx) => {
    if (ctx.query.$expand !== undefined) {
      throw badRequest("$expand is not supported on the list of call records.");
    }
    const found = filtered(recordsOf(ctx, state), String(ctx.query.$filter ?? ""));
    const value = found.slice(0, PAGE).map(({ resource }) => resource);
    ctx.body = { ...context(ctx, state.origin, "communications/callRecords"), value };
  });
  router.get(`${base}/:record`, (ctx) => {
    const record = recordOf(ctx, state);
    const expands = expandsOf(ctx);
    ctx.body = {
      ...context(ctx, state.origin, "communications/callRecords/$entity"),
      ...record.resource,
      ...(expands.has("participants_v2") ? { participants_v2: record.participants } : {}),
      ...(expands.has("sessions") ? { sessions: sessionsOf(record, expands.has("segments")) } : {}),
    };
  });
  router.get(`${base}/:record/participants_v2`, (ctx) => {
    const value = recordOf(ctx, state).participants;
    ctx.body = { ...context(ctx, state.origin, "callRecords/participants_v2"), value };
  });
  router.get(`${base}/:record/sessions`, (ctx) => {
    const value = sessionsOf(recordOf(ctx, state), expandsOf(ctx).has("segments"));
    ctx.body = { ...context(ctx, state.origin, "callRecords/sessions"), value };
  });
}

/** Routes of attendance reports and call records. */
import type Router from "@koa/router";
import type { Context } from "koa";
import { demandRole } from "./caller.ts";
import { badRequest, notFound } from "./errors.ts";
import type { AttendanceReport, CallRecord } from "./reports.ts";
import { callerOf, context, type GraphState, meetingOf, organizerOf } from "./request.ts";

const ARTIFACTS = "OnlineMeetingArtifact.Read.All";
/** How much Graph puts on a page (v1.0). */
const PAGES = { reports: 50, attendees: 130, records: 60, sessions: 60, participants: 130 } as const;

interface Page {
  readonly items: readonly object[];
  /** Where the next page is, if there is one. */
  readonly next: string | undefined;
}

/** One page of a collection, and the address of the next; `path` is that of the collection, below the version. */
function pageOf(
  ctx: Context,
  state: GraphState,
  path: string,
  all: readonly object[],
  kind: keyof typeof PAGES,
): Page {
  const size = state.reports.settings.reportPage ?? PAGES[kind];
  const from = Number(ctx.query.$skiptoken ?? 0) || 0;
  const query = new URLSearchParams(
    Object.entries(ctx.query).filter((each): each is [string, string] => typeof each[1] === "string"),
  );
  query.set("$skiptoken", String(from + size));
  const next = `${state.origin}/graph/${ctx.params.version}/${path}?${query}`;
  return { items: all.slice(from, from + size), next: from + size < all.length ? next : undefined };
}

const collection = ({ items, next }: Page): object => ({
  ...(next === undefined ? {} : { "@odata.nextLink": next }),
  value: items,
});

/** A collection inside a resource: its first page, and where the others are. */
const expanded = (name: string, { items, next }: Page): object => ({
  [name]: items,
  ...(next === undefined ? {} : { [`${name}@odata.nextLink`]: next }),
});

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
  const pathOf = (ctx: Context, rest: string): string =>
    `users/${ctx.params.user}/onlineMeetings/${encodeURIComponent(String(ctx.params.meeting))}/attendanceReports${rest}`;
  const attendees = (ctx: Context): Page => {
    const { id, records } = reportOf(ctx, state);
    return pageOf(ctx, state, pathOf(ctx, `/${id}/attendanceRecords`), records, "attendees");
  };
  router.get(base, (ctx) => {
    const all = reportsOf(ctx, state).map(({ resource }) => resource);
    const page = pageOf(ctx, state, pathOf(ctx, ""), all, "reports");
    ctx.body = { ...head(ctx, "attendanceReports"), ...collection(page) };
  });
  router.get(`${base}/:report`, (ctx) => {
    const { resource } = reportOf(ctx, state);
    const more = expandsOf(ctx).has("attendanceRecords") ? expanded("attendanceRecords", attendees(ctx)) : {};
    ctx.body = { ...head(ctx, "attendanceReports/$entity"), ...resource, ...more };
  });
  router.get(`${base}/:report/attendanceRecords`, (ctx) => {
    ctx.body = { ...head(ctx, "attendanceRecords"), ...collection(attendees(ctx)) };
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
  const path = (rest: string): string => `communications/callRecords${rest}`;
  const sessions = (ctx: Context, record: CallRecord): Page => {
    const all = sessionsOf(record, expandsOf(ctx).has("segments"));
    return pageOf(ctx, state, path(`/${record.id}/sessions`), all, "sessions");
  };
  const participants = (ctx: Context, record: CallRecord): Page =>
    pageOf(ctx, state, path(`/${record.id}/participants_v2`), record.participants, "participants");
  router.get(base, (ctx) => {
    if (ctx.query.$expand !== undefined) {
      throw badRequest("$expand is not supported on the list of call records.");
    }
    const found = filtered(recordsOf(ctx, state), String(ctx.query.$filter ?? ""));
    const all = found.map(({ resource }) => resource);
    const page = pageOf(ctx, state, path(""), all, "records");
    ctx.body = { ...context(ctx, state.origin, "communications/callRecords"), ...collection(page) };
  });
  router.get(`${base}/:record`, (ctx) => {
    const record = recordOf(ctx, state);
    const expands = expandsOf(ctx);
    ctx.body = {
      ...context(ctx, state.origin, "communications/callRecords/$entity"),
      ...record.resource,
      ...(expands.has("participants_v2") ? expanded("participants_v2", participants(ctx, record)) : {}),
      ...(expands.has("sessions") ? expanded("sessions", sessions(ctx, record)) : {}),
    };
  });
  router.get(`${base}/:record/participants_v2`, (ctx) => {
    const page = participants(ctx, recordOf(ctx, state));
    ctx.body = { ...context(ctx, state.origin, "callRecords/participants_v2"), ...collection(page) };
  });
  router.get(`${base}/:record/sessions`, (ctx) => {
    const page = sessions(ctx, recordOf(ctx, state));
    ctx.body = { ...context(ctx, state.origin, "callRecords/sessions"), ...collection(page) };
  });
}

/** What Graph knows after a call: attendance reports of the meeting, and the call record (both v1.0). */
import { randomUUID } from "node:crypto";
import type { EntraTenant } from "../entra/tenants.ts";
import type { Call, Leg, Person } from "../teams/model.ts";
import type { Meeting } from "./meetings.ts";

type Json = Record<string, unknown>;

export interface AttendanceReport {
  readonly id: string;
  readonly meeting: Meeting;
  readonly call: Call;
  readonly resource: Json;
  readonly records: readonly Json[];
}

export interface CallRecord {
  readonly id: string;
  readonly tenant: EntraTenant;
  readonly call: Call;
  /** The last session is missing yet: a later version has it. */
  readonly isPartial: boolean;
  readonly started: Date;
  readonly resource: Json;
  readonly participants: readonly Json[];
  readonly sessions: readonly Json[];
}

function seconds(from: Date, to: Date): number {
  return Math.max(0, Math.round((to.getTime() - from.getTime()) / 1000));
}

/** Legs of one person belong together; a guest has no name to be known by, so each leg stands alone. */
function byPerson(legs: readonly Leg[]): Leg[][] {
  const groups = new Map<string, Leg[]>();
  for (const leg of legs) {
    const key = leg.person.kind === "user" ? leg.person.oid : leg.person.visitorId;
    groups.set(key, [...(groups.get(key) ?? []), leg]);
  }
  return [...groups.values()];
}

function attendanceRecord(meeting: Meeting, legs: readonly Leg[], end: Date): Json {
  const [first] = legs as [Leg, ...Leg[]];
  const { person } = first;
  const intervals = legs.map(({ admitted, left }) => {
    const from = admitted ?? end;
    const to = left ?? end;
    return {
      joinDateTime: from.toISOString(),
      leaveDateTime: to.toISOString(),
      durationInSeconds: seconds(from, to),
    };
  });
  const account = person.kind === "user" ? meeting.tenant.user(person.oid) : undefined;
  const organizer = person.kind === "user" && person.oid === meeting.organizer.oid;
  return {
    id: randomUUID(),
    emailAddress: account?.userName ?? null,
    role: organizer ? "Organizer" : account === undefined ? "Attendee" : "Presenter",
    totalAttendanceInSeconds: intervals.reduce((sum, each) => sum + each.durationInSeconds, 0),
    identity: {
      id: person.kind === "user" ? person.oid : null,
      displayName: person.name,
      ...(person.kind === "user" ? { tenantId: person.tenantId } : {}),
    },
    attendanceIntervals: intervals,
    registrationId: null,
  };
}

/** Who only waited in the lobby has not attended. */
export function attendanceReport(meeting: Meeting, call: Call): AttendanceReport {
  const end = call.ended ?? new Date();
  const attended = meeting.legs.filter((leg) => leg.call === call && leg.admitted !== undefined);
  const records = byPerson(attended).map((legs) => attendanceRecord(meeting, legs, end));
  const id = randomUUID();
  return {
    id,
    meeting,
    call,
    records,
    resource: {
      id,
      totalParticipantCount: records.length,
      meetingStartDateTime: call.started.toISOString(),
      meetingEndDateTime: end.toISOString(),
    },
  };
}

function identitySet(person: Person): Json {
  if (person.kind === "user") {
    return { user: { id: person.oid, displayName: person.name, tenantId: person.tenantId } };
  }
  return { [person.kind]: { id: person.visitorId, displayName: person.name } };
}

function session(leg: Leg, end: Date): Json {
  const { person, joined, left } = leg;
  const id = randomUUID();
  const identity = person.kind === "user" ? identitySet(person) : { user: null };
  const caller = {
    "@odata.type": "#microsoft.graph.callRecords.participantEndpoint",
    name: null,
    identity,
    associatedIdentity: {
      id: person.kind === "user" ? person.oid : person.visitorId,
      displayName: person.name,
    },
    userAgent: {
      "@odata.type": "#microsoft.graph.callRecords.clientUserAgent",
      headerValue: null,
      applicationVersion: null,
      platform: "web",
      productFamily: "teams",
    },
  };
  const callee = { "@odata.type": "#microsoft.graph.callRecords.serviceEndpoint", userAgent: null };
  const times = { startDateTime: joined.toISOString(), endDateTime: (left ?? end).toISOString() };
  const segment = { id, caller, callee, failureInfo: null, media: [], ...times };
  return {
    id,
    modalities: ["audio", "video"],
    isTest: false,
    failureInfo: null,
    caller,
    callee,
    ...times,
    segments: [segment],
  };
}

function sessionsOf(legs: readonly Leg[], end: Date, isDoubled: boolean): Json[] {
  const sessions = legs.map((leg) => session(leg, end));
  return isDoubled ? sessions.flatMap((each) => [each, { ...each, id: randomUUID() }]) : sessions;
}

/** As Graph makes it when it is asked to: in versions, with sessions told of twice. */
interface Recording {
  readonly version: number;
  readonly isPartial: boolean;
  readonly isDoubled: boolean;
}

export function callRecord(meeting: Meeting, call: Call, how: Recording): CallRecord {
  const end = call.ended ?? new Date();
  const legs = meeting.legs.filter((leg) => leg.call === call && leg.admitted !== undefined);
  const { organizer, tenant } = meeting;
  const account = {
    oid: organizer.oid,
    tenantId: tenant.id,
    name: organizer.displayName,
    kind: "user" as const,
  };
  return {
    id: call.id,
    tenant,
    call,
    started: call.started,
    participants: byPerson(legs).map(([leg]) => ({
      id: leg?.person.kind === "user" ? leg.person.oid : leg?.person.visitorId,
      identity: leg === undefined ? null : identitySet(leg.person),
      administrativeUnitInfos: [],
    })),
    isPartial: how.isPartial,
    sessions: sessionsOf(how.isPartial ? legs.slice(0, -1) : legs, end, how.isDoubled),
    resource: {
      id: call.id,
      version: how.version,
      type: "groupCall",
      modalities: ["audio", "video"],
      lastModifiedDateTime: new Date().toISOString(),
      startDateTime: call.started.toISOString(),
      endDateTime: end.toISOString(),
      joinWebUrl: meeting.joinWebUrl,
      organizer_v2: { id: organizer.oid, identity: identitySet(account), administrativeUnitInfos: [] },
    },
  };
}

export interface ReportSettings {
  /** How long after a call the reports are there by themselves. */
  reportsAfterMs: number;
  /** Teams policies may switch attendance reports off: then there are none. */
  attendanceReports: boolean;
  /** How much comes on a page; null for as much as Graph really puts on one. */
  reportPage: number | null;
  /** Sessions of a call record may be told of twice. */
  duplicateSessions: boolean;
}

const DEFAULTS: Readonly<ReportSettings> = {
  reportsAfterMs: 2_000,
  attendanceReports: true,
  reportPage: null,
  duplicateSessions: false,
};

export class Reports {
  settings: ReportSettings = { ...DEFAULTS };
  #attendance: AttendanceReport[] = [];
  #records: CallRecord[] = [];
  #timers = new Map<Call, NodeJS.Timeout>();
  readonly #told: (meeting: Meeting, recordId: string, change: "created" | "updated") => void;

  constructor(told: (meeting: Meeting, recordId: string, change: "created" | "updated") => void) {
    this.#told = told;
  }

  clear(): void {
    for (const timer of this.#timers.values()) {
      clearTimeout(timer);
    }
    this.#timers.clear();
    this.#attendance = [];
    this.#records = [];
    this.settings = { ...DEFAULTS };
  }

  scheduled(meeting: Meeting, call: Call): void {
    const timer = setTimeout(() => this.make(meeting, call), this.settings.reportsAfterMs);
    this.#timers.set(call, timer.unref());
  }

  /** Makes the reports of a call that has ended, once; a partial call record becomes whole in its next version. */
  make(meeting: Meeting, call: Call, isPartial = false): void {
    clearTimeout(this.#timers.get(call));
    this.#timers.delete(call);
    const known = this.#records.find((record) => record.call === call);
    if (known !== undefined && (!known.isPartial || isPartial)) {
      return;
    }
    if (known === undefined) {
      this.#attendance.push(attendanceReport(meeting, call));
    }
    const version = known === undefined ? 1 : Number(known.resource.version) + 1;
    const made = callRecord(meeting, call, {
      version,
      isPartial,
      isDoubled: this.settings.duplicateSessions,
    });
    this.#records = [...this.#records.filter((record) => record !== known), made];
    this.#told(meeting, call.id, known === undefined ? "created" : "updated");
  }

  /** The newest first, at most fifty. */
  attendance(meeting: Meeting): AttendanceReport[] {
    if (!this.settings.attendanceReports) {
      return [];
    }
    const of = this.#attendance.filter((report) => report.meeting === meeting);
    return of.reverse().slice(0, 50);
  }

  records(tenant: EntraTenant): CallRecord[] {
    return this.#records.filter((record) => record.tenant === tenant);
  }
}

/** What people do in a meeting, and what follows from it: lobby, roster, the beginning and the end of a call. */
import { randomBytes, randomUUID } from "node:crypto";
import type { Meeting } from "../graph/meetings.ts";
import {
  type Call,
  type CallEvent,
  GUEST_KINDS,
  type GuestKind,
  INACTIVE,
  LEFT,
  type Leg,
  type LegChange,
  type Person,
} from "./model.ts";

export class ActError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface CallSettings {
  /** How long Graph takes to notice a lost connection. */
  inactiveAfterMs: number;
  /** false: no `callEnded` when the last one simply leaves, as happens with the real one. */
  callEndedWhenEmpty: boolean;
}

export interface CallListener {
  happened(meeting: Meeting, call: Call, events: readonly CallEvent[]): void;
  ended(meeting: Meeting, call: Call): void;
}

export function present(meeting: Meeting): Leg[] {
  return meeting.legs.filter((leg) => leg.call === meeting.call && leg.state !== "gone");
}

/** Whether the lobby lets somebody pass (lobbyBypassSettings). */
function passes(meeting: Meeting, person: Person): boolean {
  const { scope } = meeting.settings.lobbyBypassSettings as { scope?: string };
  if (person.kind !== "user") {
    // "Anonymous people can start a meeting" is off: somebody with an account has to be there first.
    const attended = present(meeting).some((leg) => leg.state === "in" && leg.person.kind === "user");
    return scope === "everyone" && attended;
  }
  const ours = person.tenantId === meeting.tenant.id;
  switch (person.oid === meeting.organizer.oid ? "everyone" : scope) {
    case "everyone":
    case "organizationAndFederated":
      return true;
    case "organization":
    case "organizationExcludingGuests":
      return ours;
    case "invited":
      return meeting.attendees.some(({ oid }) => oid === person.oid);
    default:
      return false;
  }
}

/** Who may let people in, end the meeting for all (allowedLobbyAdmitters). */
export function mayAdmit(meeting: Meeting, leg: Leg): boolean {
  if (leg.state !== "in" || leg.person.kind !== "user") {
    return false;
  }
  const { oid, tenantId } = leg.person;
  const role = meeting.attendees.find((attendee) => attendee.oid === oid)?.role;
  if (oid === meeting.organizer.oid || role === "coorganizer") {
    return true;
  }
  if (meeting.settings.allowedLobbyAdmitters !== "organizerAndCoOrganizersAndPresenters") {
    return false;
  }
  const presenters = meeting.settings.allowedPresenters;
  const ours = tenantId === meeting.tenant.id;
  return role === "presenter" || presenters === "everyone" || (presenters === "organization" && ours);
}

function snapshot(leg: Leg, reason?: string): LegChange {
  const change = leg.state === "gone" ? "removed" : leg.state;
  const wasIn = leg.admitted !== undefined;
  return { id: leg.id, person: leg.person, change, wasIn, ...(reason === undefined ? {} : { reason }) };
}

export class Calls {
  settings: CallSettings;
  readonly #listener: CallListener;
  readonly #silences = new Map<Leg, NodeJS.Timeout>();

  constructor(settings: CallSettings, listener: CallListener) {
    this.settings = settings;
    this.#listener = listener;
  }

  /** Lost connections that Graph has not noticed yet. */
  get silences(): number {
    return this.#silences.size;
  }

  clear(): void {
    for (const timer of this.#silences.values()) {
      clearTimeout(timer);
    }
    this.#silences.clear();
  }

  /** A guest of a meeting; the same `key` keeps its kind of identity. */
  guest(meeting: Meeting, key: string, name: string): Person {
    const next = GUEST_KINDS[meeting.guestKinds.size % GUEST_KINDS.length] as GuestKind;
    const kind = meeting.guestKinds.get(key) ?? next;
    meeting.guestKinds.set(key, kind);
    return { kind, name, visitorId: visitorId(kind) };
  }

  join(meeting: Meeting, person: Person, at = new Date(), asBefore = false): Leg {
    const events: CallEvent[] = [];
    if (meeting.call === undefined) {
      meeting.call = { id: randomUUID(), started: at, began: new Date(), ended: undefined };
      meeting.calls.push(meeting.call);
      events.push({ type: "callStarted", at, changes: [] });
    }
    const inside = asBefore || passes(meeting, person);
    const leg: Leg = {
      id: randomUUID(),
      person,
      call: meeting.call,
      joined: at,
      state: inside ? "in" : "lobby",
      admitted: inside ? at : undefined,
      left: undefined,
      silent: false,
    };
    meeting.legs.push(leg);
    const changes = [snapshot(leg), ...this.#letInAfter(meeting, leg, at)];
    events.push({ type: "rosterUpdated", at, changes });
    this.#listener.happened(meeting, leg.call, events);
    return leg;
  }

  admit(meeting: Meeting, leg: Leg, at = new Date()): Leg {
    if (leg.state !== "lobby") {
      throw new ActError(409, "only somebody who waits in the lobby can be admitted");
    }
    leg.state = "in";
    leg.admitted = at;
    this.#listener.happened(meeting, leg.call, [{ type: "rosterUpdated", at, changes: [snapshot(leg)] }]);
    return leg;
  }

  leave(meeting: Meeting, leg: Leg, at = new Date()): Leg {
    this.#remove(meeting, leg, at, LEFT);
    return leg;
  }

  /** The network is gone: Graph hears nothing, and after a while it notices. */
  drop(meeting: Meeting, leg: Leg, at?: Date): Leg {
    demandPresent(leg);
    if (leg.silent) {
      throw new ActError(409, "this connection is lost already");
    }
    leg.silent = true;
    const wait = this.settings.inactiveAfterMs;
    const noticed = at === undefined ? undefined : new Date(at.getTime() + wait);
    const timer = setTimeout(() => this.#remove(meeting, leg, noticed ?? new Date(), INACTIVE), wait);
    this.#silences.set(leg, timer.unref());
    return leg;
  }

  /** Comes back with a new participant id; who had been let in when the network went need not wait again. */
  rejoin(meeting: Meeting, previous: Leg, at = new Date()): Leg {
    if (previous.state !== "gone" && !previous.silent) {
      throw new ActError(409, "this participant has not gone");
    }
    const { person } = previous;
    const again: Person = person.kind === "user" ? person : { ...person, visitorId: visitorId(person.kind) };
    const asBefore = previous.silent && previous.admitted !== undefined && previous.call === meeting.call;
    return this.join(meeting, again, at, asBefore);
  }

  end(meeting: Meeting, at = new Date()): void {
    const { call } = meeting;
    if (call === undefined) {
      throw new ActError(409, "nobody is in this meeting");
    }
    const changes = present(meeting).map((leg) => this.#gone(leg, at, LEFT));
    meeting.call = undefined;
    call.ended = at;
    const events: CallEvent[] = [
      { type: "rosterUpdated", at, changes },
      { type: "callEnded", at, changes: [] },
    ];
    this.#listener.happened(meeting, call, events);
    this.#listener.ended(meeting, call);
  }

  #gone(leg: Leg, at: Date, reason: string): LegChange {
    clearTimeout(this.#silences.get(leg));
    this.#silences.delete(leg);
    leg.state = "gone";
    leg.left = at;
    return snapshot(leg, reason);
  }

  #remove(meeting: Meeting, leg: Leg, at: Date, reason: string): void {
    demandPresent(leg);
    const events: CallEvent[] = [{ type: "rosterUpdated", at, changes: [this.#gone(leg, at, reason)] }];
    const over = present(meeting).length === 0;
    if (over) {
      meeting.call = undefined;
      leg.call.ended = at;
      if (this.settings.callEndedWhenEmpty) {
        events.push({ type: "callEnded", at, changes: [] });
      }
    }
    this.#listener.happened(meeting, leg.call, events);
    if (over) {
      this.#listener.ended(meeting, leg.call);
    }
  }

  /** With the lobby open for everyone, guests who waited for the first account pass now. */
  #letInAfter(meeting: Meeting, arrived: Leg, at: Date): LegChange[] {
    if (arrived.state !== "in" || arrived.person.kind !== "user") {
      return [];
    }
    const waiting = present(meeting).filter((leg) => leg.state === "lobby" && passes(meeting, leg.person));
    return waiting.map((leg) => {
      leg.state = "in";
      leg.admitted = at;
      return snapshot(leg);
    });
  }
}

function demandPresent(leg: Leg): void {
  if (leg.state === "gone") {
    throw new ActError(409, "this participant has gone already");
  }
}

function visitorId(kind: GuestKind): string {
  const opaque = randomBytes(16).toString("hex");
  return kind === "guest" ? `teamsvisitor:${opaque}` : `8:acs:${randomUUID()}_${opaque}`;
}

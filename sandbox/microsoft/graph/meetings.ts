/** Online meetings of all tenants, and the rules of createOrGet and update. */
import { randomBytes } from "node:crypto";
import type { EntraUser } from "../../common/cast.ts";
import type { EntraTenant } from "../entra/tenants.ts";
import type { CallState } from "../teams/model.ts";
import { badRequest } from "./errors.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface Attendee {
  readonly upn: string | null;
  readonly oid: string | null;
  readonly role: string;
}

export interface Meeting extends CallState {
  readonly id: string;
  readonly tenant: EntraTenant;
  readonly organizer: EntraUser;
  readonly externalId: string | null;
  readonly joinWebUrl: string;
  readonly threadId: string;
  readonly created: Date;
  start: Date;
  end: Date;
  subject: string | null;
  attendees: readonly Attendee[];
  /** Lobby, presenters, chat and the like, as Graph names them. */
  settings: Readonly<Record<string, unknown>>;
}

/** What a tenant's meeting policy gives a new meeting. */
const POLICY: Readonly<Record<string, unknown>> = {
  allowAttendeeToEnableCamera: true,
  allowAttendeeToEnableMic: true,
  allowBreakoutRooms: true,
  allowCopyingAndSharingMeetingContent: true,
  allowLiveShare: "enabled",
  allowMeetingChat: "enabled",
  allowParticipantsToChangeName: false,
  allowPowerPointSharing: true,
  allowRecording: true,
  allowTeamworkReactions: true,
  allowTranscription: true,
  allowWhiteboard: true,
  allowedLobbyAdmitters: "organizerAndCoOrganizersAndPresenters",
  allowedPresenters: "everyone",
  isEndToEndEncryptionEnabled: false,
  isEntryExitAnnounced: true,
  lobbyBypassSettings: { scope: "organization", isDialInBypassEnabled: false },
  recordAutomatically: false,
  shareMeetingChatHistoryDefault: "none",
};

const NOT_SETTINGS = new Set([
  "startDateTime",
  "endDateTime",
  "subject",
  "participants",
  "externalId",
  "chatInfo",
]);

interface Times {
  readonly start: Date;
  readonly end: Date;
}

function readTimes(body: Readonly<Record<string, unknown>>): Times {
  const given = (name: string): Date | undefined =>
    typeof body[name] === "string" ? new Date(body[name]) : undefined;
  const start = given("startDateTime");
  const end = given("endDateTime");
  if (end !== undefined && start === undefined) {
    throw badRequest("endDateTime was given without startDateTime.");
  }
  const from = start ?? new Date();
  const to = end ?? new Date(from.getTime() + HOUR_MS);
  if (to < from) {
    throw badRequest("endDateTime is earlier than startDateTime.");
  }
  return { start: from, end: to };
}

interface GivenParticipant {
  readonly upn?: string | null;
  readonly role?: string | null;
  readonly identity?: { readonly user?: { readonly id?: string | null } | null } | null;
}

/** Presenters and co-organisers have to be users of Entra; anybody may be an attendee. */
function readAttendees(tenant: EntraTenant, given: readonly GivenParticipant[]): Attendee[] {
  return given.map(({ upn, role, identity }) => {
    const user = tenant.user(identity?.user?.id ?? "") ?? tenant.userByName(upn ?? "");
    if (user === undefined && (role === "presenter" || role === "coorganizer")) {
      throw badRequest(`A ${role} has to be a user of the tenant.`);
    }
    if (identity?.user?.id && upn && user !== undefined && tenant.userByName(upn) !== user) {
      throw badRequest("upn and identity.user.id of a participant name two users.");
    }
    return { upn: user?.userName ?? upn ?? null, oid: user?.oid ?? null, role: role ?? "attendee" };
  });
}

function attendeesOf(body: Readonly<Record<string, unknown>>): readonly GivenParticipant[] | undefined {
  const participants = body.participants as { attendees?: GivenParticipant[] } | null | undefined;
  return participants?.attendees;
}

function settingsOf(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept = Object.entries(body).filter(([name]) => !NOT_SETTINGS.has(name) && !name.startsWith("@"));
  return Object.fromEntries(kept);
}

export class Meetings {
  readonly #origin: string;
  #all: Meeting[] = [];

  constructor(origin: string) {
    this.#origin = origin;
  }

  get all(): readonly Meeting[] {
    return this.#all;
  }

  clear(): void {
    this.#all = [];
  }

  /** `created` is false where tenant, organiser and external id name a meeting that exists: it stays as it is. */
  createOrGet(
    tenant: EntraTenant,
    organizer: EntraUser,
    body: Readonly<Record<string, unknown>>,
  ): { meeting: Meeting; created: boolean } {
    const times = readTimes(body);
    const existing = this.#all.find(
      (meeting) =>
        meeting.tenant === tenant &&
        meeting.organizer === organizer &&
        meeting.externalId === body.externalId,
    );
    if (existing !== undefined) {
      return { meeting: existing, created: false };
    }
    return { meeting: this.#add(tenant, organizer, body, times), created: true };
  }

  create(tenant: EntraTenant, organizer: EntraUser, body: Readonly<Record<string, unknown>>): Meeting {
    return this.#add(tenant, organizer, body, readTimes(body));
  }

  #add(
    tenant: EntraTenant,
    organizer: EntraUser,
    body: Readonly<Record<string, unknown>>,
    { start, end }: Times,
  ): Meeting {
    const opaque = randomBytes(24).toString("base64url").replaceAll(/[-_]/g, "x");
    const threadId = `19:meeting_${opaque}@thread.v2`;
    const context = `%7b%22Tid%22%3a%22${tenant.id}%22%2c%22Oid%22%3a%22${organizer.oid}%22%7d`;
    const meeting: Meeting = {
      id: Buffer.from(`1*${organizer.oid}*0**${threadId}`).toString("base64url"),
      tenant,
      organizer,
      externalId: (body.externalId as string | null | undefined) ?? null,
      joinWebUrl: `${this.#origin}/l/meetup-join/19%3ameeting_${opaque}%40thread.v2/0?context=${context}`,
      threadId,
      created: new Date(),
      start,
      end,
      subject: (body.subject as string | null | undefined) ?? null,
      attendees: readAttendees(tenant, attendeesOf(body) ?? []),
      settings: { ...POLICY, ...settingsOf(body) },
      call: undefined,
      calls: [],
      legs: [],
      guestKinds: new Map(),
    };
    this.#all.push(meeting);
    return meeting;
  }

  update(meeting: Meeting, body: Readonly<Record<string, unknown>>): void {
    const has = (name: string): boolean => body[name] !== undefined && body[name] !== null;
    if (has("startDateTime") !== has("endDateTime")) {
      throw badRequest("startDateTime and endDateTime must be updated together.");
    }
    const times = has("startDateTime") ? readTimes(body) : undefined;
    const given = attendeesOf(body);
    if (body.allowedPresenters === "roleIsPresenter" && !given?.some(({ role }) => role === "presenter")) {
      throw badRequest("roleIsPresenter needs the full list of attendees, with role presenter.");
    }
    refuseOtherOrganizer(meeting, body);
    const attendees = given === undefined ? undefined : readAttendees(meeting.tenant, given);
    const lobby = body.lobbyBypassSettings as object | null | undefined;
    const before = meeting.settings.lobbyBypassSettings as object;
    meeting.settings = {
      ...meeting.settings,
      ...settingsOf(body),
      lobbyBypassSettings: { ...before, ...(lobby ?? {}) },
    };
    meeting.attendees = attendees ?? meeting.attendees;
    meeting.subject = body.subject === undefined ? meeting.subject : (body.subject as string | null);
    if (times !== undefined) {
      meeting.start = times.start;
      meeting.end = times.end;
    }
  }

  remove(meeting: Meeting): void {
    this.#all = this.#all.filter((each) => each !== meeting);
  }

  byId(id: string): Meeting | undefined {
    return this.#all.find((meeting) => meeting.id === id);
  }

  /** Compares addresses however often their special characters have been encoded. */
  byJoinUrl(joinWebUrl: string): Meeting | undefined {
    const wanted = plain(joinWebUrl);
    return this.#all.find((meeting) => plain(meeting.joinWebUrl) === wanted);
  }
}

function plain(url: string): string {
  try {
    return decodeURIComponent(decodeURIComponent(url));
  } catch {
    return url;
  }
}

function refuseOtherOrganizer(meeting: Meeting, body: Readonly<Record<string, unknown>>): void {
  const participants = body.participants as { organizer?: GivenParticipant | null } | null | undefined;
  const oid = participants?.organizer?.identity?.user?.id ?? meeting.organizer.oid;
  if (oid !== meeting.organizer.oid) {
    throw badRequest("The organizer of a meeting cannot be changed.");
  }
}

/** Members of enumerations that Graph v1.0 shows only to those who ask for them. */
const HIDDEN = new Set(["coorganizer", "invited", "organizationExcludingGuests"]);

export function meetingResource(meeting: Meeting, showAll: boolean): Record<string, unknown> {
  const shown = (member: unknown): unknown =>
    !showAll && HIDDEN.has(String(member)) ? "unknownFutureValue" : member;
  const { tenant, organizer, settings } = meeting;
  const lobby = settings.lobbyBypassSettings as { scope?: unknown };
  const person = (oid: string | null, name: string | null): unknown =>
    oid === null
      ? null
      : { user: { id: oid, displayName: name, tenantId: tenant.id, identityProvider: "AAD" } };
  return {
    id: meeting.id,
    creationDateTime: meeting.created.toISOString(),
    startDateTime: meeting.start.toISOString(),
    endDateTime: meeting.end.toISOString(),
    expiryDateTime: new Date(meeting.end.getTime() + 60 * DAY_MS).toISOString(),
    joinWebUrl: meeting.joinWebUrl,
    externalId: meeting.externalId,
    subject: meeting.subject,
    isBroadcast: false,
    meetingType: "scheduled",
    videoTeleconferenceId: String(Math.abs(Buffer.from(meeting.threadId).readInt32BE(16))),
    chatInfo: { threadId: meeting.threadId, messageId: "0", replyChainMessageId: null },
    participants: {
      organizer: {
        upn: organizer.userName,
        role: "presenter",
        identity: person(organizer.oid, null),
      },
      attendees: meeting.attendees.map(({ upn, oid, role }) => ({
        upn,
        role: shown(role),
        identity: person(oid, null),
      })),
    },
    ...settings,
    lobbyBypassSettings: { ...lobby, scope: shown(lobby.scope) },
  };
}

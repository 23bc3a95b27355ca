/** What a call is made of: people, their legs, and what changed; the words of the meeting page and of Graph's events. */

/** How Graph names somebody without an account; the meeting hands the kinds out in turn. */
export const GUEST_KINDS = ["guest", "acsUser", "azureCommunicationServicesUser"] as const;
export type GuestKind = (typeof GUEST_KINDS)[number];

export interface AccountPerson {
  readonly kind: "user";
  readonly oid: string;
  readonly tenantId: string;
  readonly name: string;
}

export interface GuestPerson {
  readonly kind: GuestKind;
  /** A new one for each leg: nothing of it proves who somebody is. */
  readonly visitorId: string;
  readonly name: string;
}

export type Person = AccountPerson | GuestPerson;

/** One person's one way through one call; a rejoin is a new leg. */
export interface Leg {
  readonly id: string;
  readonly person: Person;
  readonly call: Call;
  readonly joined: Date;
  state: "lobby" | "in" | "gone";
  admitted: Date | undefined;
  left: Date | undefined;
  /** The connection is lost, but Graph has not noticed yet. */
  silent: boolean;
}

export interface Call {
  readonly id: string;
  readonly started: Date;
  /** When it really began here, whatever time an act was given. */
  readonly began: Date;
  ended: Date | undefined;
}

export interface CallState {
  call: Call | undefined;
  calls: Call[];
  legs: Leg[];
  readonly guestKinds: Map<string, GuestKind>;
}

export const LEFT = "Participant has left the meeting call.";
export const INACTIVE = "Participant has entered an inactive state in the roster.";

export type CallEventType = "callStarted" | "rosterUpdated" | "callEnded";

/** A leg as it was when the event happened. */
export interface LegChange {
  readonly id: string;
  readonly person: Person;
  readonly change: "lobby" | "in" | "removed";
  /** Had been let in before it was removed. */
  readonly wasIn: boolean;
  readonly reason?: string;
}

export interface CallEvent {
  readonly type: CallEventType;
  readonly at: Date;
  readonly changes: readonly LegChange[];
}

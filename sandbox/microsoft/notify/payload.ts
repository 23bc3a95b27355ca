/** The decrypted content of a call event, in each generation of payloads that Graph has been seen to send. */
import type { CallEvent, LegChange, Person } from "../teams/model.ts";

export const GENERATIONS = [
  "delta-camel",
  "delta-pascal",
  "delta-remove",
  "joined-exited",
  "call-event-type",
] as const;
export type Generation = (typeof GENERATIONS)[number];

type Json = Record<string, unknown>;

export interface EventAddress {
  readonly eventId: string;
  readonly joinWebUrl: string;
  readonly sequence: number;
}

function identity(person: Person): Json {
  if (person.kind === "user") {
    const { oid: id, name: displayName, tenantId } = person;
    return { user: { "@odata.type": "#microsoft.graph.teamworkUserIdentity", id, displayName, tenantId } };
  }
  const { kind, visitorId: id, name: displayName } = person;
  const acs = kind === "guest" ? {} : { azureCommunicationServicesResourceId: id.split(/[:_]/)[2] };
  return { [kind]: { id, displayName, ...acs } };
}

function participant({ id, person, change, reason }: LegChange, sequence: number): Json {
  return {
    id,
    info: { identity: identity(person) },
    isInLobby: change === "lobby",
    rosterSequenceNumber: sequence,
    ...(reason === undefined ? {} : { removedState: { reason } }),
  };
}

/** The newer shape: one list of changes, each with its lobby state. */
function delta(event: CallEvent, { eventId, sequence }: EventAddress): Json {
  const participants = event.changes.map((change) => participant(change, sequence));
  return {
    "@odata.type": "#microsoft.graph.callevent",
    id: eventId,
    eventType: event.type,
    eventDateTime: event.at.toISOString(),
    ...(event.type === "rosterUpdated" ? { "participants@delta": participants } : {}),
  };
}

/** The resource of v1.0 (callEvent): the same changes under other names. */
function callEventType(event: CallEvent, address: EventAddress): Json {
  const { eventType, "participants@delta": participants, ...rest } = delta(event, address);
  return { ...rest, callEventType: eventType, ...(participants === undefined ? {} : { participants }) };
}

const OLD_NAMES = {
  callStarted: "Microsoft.Communication.CallStarted",
  rosterUpdated: "Microsoft.Communication.CallRosterUpdate",
  callEnded: "Microsoft.Communication.CallEnded",
} as const;

/** The older shape: two lists, of those inside only; it does not know the lobby. */
function activeParticipants(
  event: CallEvent,
  { joinWebUrl }: EventAddress,
  names: { joined: string; exited: string },
): Json {
  const listed = (wanted: (change: LegChange) => boolean): Json[] =>
    event.changes.filter(wanted).map(({ id, person }) => pascal({ id, identity: identity(person) }) as Json);
  const id = `communications/onlineMeetings?$filter=joinWebUrl+eq+'${joinWebUrl}'`;
  return {
    "@odata.type": "#Microsoft.Graph.onlineMeeting",
    "@odata.id": id,
    id,
    eventType: OLD_NAMES[event.type],
    eventDateTime: event.at.toISOString(),
    state: event.type === "callEnded" ? "inactive" : "active",
    ...(event.type === "rosterUpdated"
      ? {
          [`activeParticipants@${names.joined}`]: listed(({ change }) => change === "in"),
          [`activeParticipants@${names.exited}`]: listed(
            ({ change, wasIn }) => change === "removed" && wasIn,
          ),
        }
      : {}),
  };
}

function pascal(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(pascal);
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  const renamed = Object.entries(value).map(([name, content]) => [
    name.startsWith("@") ? name : name.charAt(0).toUpperCase() + name.slice(1),
    pascal(content),
  ]);
  return Object.fromEntries(renamed);
}

/** Nothing to tell: in the older shape, somebody who only came to the lobby or went from there. */
export function isSilent(generation: Generation, event: CallEvent): boolean {
  const old = generation === "delta-remove" || generation === "joined-exited";
  const tells = event.changes.some(({ change, wasIn }) => change === "in" || (change === "removed" && wasIn));
  return old && event.type === "rosterUpdated" && !tells;
}

export function payload(generation: Generation, event: CallEvent, address: EventAddress): Json {
  switch (generation) {
    case "delta-camel":
      return delta(event, address);
    case "delta-pascal":
      return pascal(delta(event, address)) as Json;
    case "delta-remove":
      return activeParticipants(event, address, { joined: "delta", exited: "remove" });
    case "joined-exited":
      return activeParticipants(event, address, { joined: "joined", exited: "exited" });
    case "call-event-type":
      return callEventType(event, address);
  }
}

/** Acts to order: who does what in a meeting, named by object id, by a guest's label or by leg. */
import type { Meeting } from "../graph/meetings.ts";
import type { World } from "../world.ts";
import { ActError, present } from "./calls.ts";
import type { Leg, Person } from "./model.ts";

type Json = Record<string, unknown>;
type Named = { readonly oid: string } | { readonly guest: string } | { readonly legId: string };

const ACTS = ["join", "admit", "leave", "drop", "rejoin", "end"] as const;
type Act = (typeof ACTS)[number];

function readNamed(value: unknown): Named {
  const given = (typeof value === "object" && value !== null ? value : {}) as Json;
  for (const name of ["oid", "guest", "legId"] as const) {
    if (typeof given[name] === "string") {
      return { [name]: given[name] } as Named;
    }
  }
  throw new ActError(400, '"participant" must be {"oid"}, {"guest"} or {"legId"}');
}

function isOf(leg: Leg, named: Named): boolean {
  if ("legId" in named) {
    return leg.id === named.legId;
  }
  const { person } = leg;
  return "oid" in named
    ? person.kind === "user" && person.oid === named.oid
    : person.kind !== "user" && person.name === named.guest;
}

function newPerson(world: World, meeting: Meeting, named: Named): Person {
  if ("legId" in named) {
    throw new ActError(400, "a leg cannot join");
  }
  if ("guest" in named) {
    return world.calls.guest(meeting, `label:${named.guest}`, named.guest);
  }
  const tenant = world.entra.tenants.all.find((each) => each.user(named.oid) !== undefined);
  const user = tenant?.user(named.oid);
  if (tenant === undefined || user === undefined) {
    throw new ActError(404, "there is no account with this oid");
  }
  return { kind: "user", oid: user.oid, tenantId: tenant.id, name: user.displayName };
}

/** The last leg of somebody in the call that is under way; with `ever`, also of calls before. */
function legOf(meeting: Meeting, named: Named, ever = false): Leg {
  const legs = ever ? meeting.legs : present(meeting);
  const found = legs.findLast((leg) => isOf(leg, named));
  if (found === undefined) {
    throw new ActError(404, "this participant is not in the meeting");
  }
  return found;
}

function doAct(world: World, meeting: Meeting, name: Exclude<Act, "end">, named: Named, at?: Date): Leg {
  const { calls } = world;
  switch (name) {
    case "join":
      if (present(meeting).some((leg) => !leg.silent && isOf(leg, named))) {
        throw new ActError(409, "this participant is in the meeting already");
      }
      return calls.join(meeting, newPerson(world, meeting, named), at);
    case "admit":
      return calls.admit(meeting, legOf(meeting, named), at);
    case "leave":
      return calls.leave(meeting, legOf(meeting, named), at);
    case "drop":
      return calls.drop(meeting, legOf(meeting, named), at);
    case "rejoin":
      return calls.rejoin(meeting, legOf(meeting, named, true), at);
  }
}

export function act(world: World, meeting: Meeting, body: Json): { legId: string | null; state: string } {
  const name = body.act as Act;
  if (!ACTS.includes(name)) {
    throw new ActError(400, `"act" must be one of ${ACTS.join(", ")}`);
  }
  const at = body.at === undefined ? undefined : new Date(String(body.at));
  if (at !== undefined && Number.isNaN(at.getTime())) {
    throw new ActError(400, '"at" is not a date');
  }
  if (name === "end") {
    world.calls.end(meeting, at);
    return { legId: null, state: "ended" };
  }
  const leg = doAct(world, meeting, name, readNamed(body.participant), at);
  world.changed(meeting);
  return { legId: leg.id, state: leg.silent ? "silent" : leg.state };
}

/** What every route of Graph needs: the caller, the body, the organiser and the meeting that the path names. */
import type { Context } from "koa";
import { readText } from "../../common/body.ts";
import type { EntraUser } from "../../common/cast.ts";
import type { Tenants } from "../entra/tenants.ts";
import type { Caller } from "./caller.ts";
import { type Check, checked } from "./check.ts";
import { badRequest, GraphError, notFound } from "./errors.ts";
import type { Meeting, Meetings } from "./meetings.ts";
import type { Reports } from "./reports.ts";
import type { Subscription, Subscriptions } from "./subscriptions.ts";

export interface GraphState {
  readonly origin: string;
  readonly tenants: Tenants;
  readonly meetings: Meetings;
  readonly subscriptions: Subscriptions;
  readonly reports: Reports;
  readonly renewed: (subscription: Subscription) => void;
}

export const callerOf = (ctx: Context): Caller => ctx.state.caller as Caller;

export async function bodyOf(ctx: Context, check: Check): Promise<Record<string, unknown>> {
  if (!ctx.is("application/json")) {
    throw badRequest("Content-Type must be application/json.");
  }
  return checked(await readText(ctx), check);
}

export function context(ctx: Context, origin: string, rest: string): Record<string, string> {
  return { "@odata.context": `${origin}/graph/${ctx.params.version}/$metadata#${rest}` };
}

/** The organiser in the path: an object id of the caller's tenant, with an application access policy. */
export function organizerOf(ctx: Context, caller: Caller): EntraUser {
  const user = caller.tenant.user(String(ctx.params.user).toLowerCase());
  if (user === undefined) {
    throw notFound("User not found in this tenant by object id.");
  }
  if (user.applicationAccessPolicy === false) {
    throw new GraphError(403, "Forbidden", "No application access policy found for this app");
  }
  return user;
}

/** A meeting that the organiser of the path may look up: an own one, or one with the organiser as co-organiser. */
export function meetingOf(ctx: Context, state: GraphState, organizer: EntraUser): Meeting {
  const meeting = state.meetings.byId(String(ctx.params.meeting));
  if (meeting === undefined || meeting.tenant !== callerOf(ctx).tenant) {
    throw notFound("3004: Meeting not found.");
  }
  const role = meeting.attendees.find(({ oid }) => oid === organizer.oid)?.role;
  if (meeting.organizer !== organizer && role !== "coorganizer") {
    throw new GraphError(403, "Forbidden", "3003: User does not have access to lookup meeting");
  }
  return meeting;
}

/** The part of Microsoft Graph that the connector uses, v1.0 and beta, in memory. */
import Router from "@koa/router";
import type { Context, Next } from "koa";
import type { EntraTenant } from "../entra/tenants.ts";
import * as bodies from "./bodies.ts";
import { demandRole, identifyCaller } from "./caller.ts";
import { badRequest, GraphError, graphAnswers } from "./errors.ts";
import { type Meeting, meetingResource } from "./meetings.ts";
import { recordRoutes, reportRoutes } from "./report-routes.ts";
import { bodyOf, callerOf, context, type GraphState, meetingOf, organizerOf } from "./request.ts";
import { subscriptionResource } from "./subscriptions.ts";

const READ_MEETINGS = ["OnlineMeetings.Read.All", "OnlineMeetings.ReadWrite.All"];
const WRITE_MEETINGS = ["OnlineMeetings.ReadWrite.All"];

const showsAll = (ctx: Context): boolean =>
  ctx.params.version === "beta" || ctx.get("prefer").includes("include-unknown-enum-members");

/** The members that `$select` names, and the id that always comes along. */
function selected(ctx: Context, resource: Record<string, unknown>): Record<string, unknown> {
  const { $select: wanted } = ctx.query;
  if (typeof wanted !== "string") {
    return resource;
  }
  const names = new Set([...wanted.split(",").map((name) => name.trim()), "id", "@odata.context"]);
  return Object.fromEntries(Object.entries(resource).filter(([name]) => names.has(name)));
}

export function graphRoutes(state: GraphState): Router {
  const router = new Router({ prefix: "/graph/:version" });
  router.use(graphAnswers);
  router.use(async (ctx: Context, next: Next) => {
    if (ctx.params.version !== "v1.0" && ctx.params.version !== "beta") {
      throw badRequest(`Invalid version: ${ctx.params.version}`);
    }
    ctx.state.caller = await identifyCaller(ctx, state.tenants);
    await next();
  });
  meetingRoutes(router, state);
  subscriptionRoutes(router, state);
  reportRoutes(router, state);
  recordRoutes(router, state);
  router.get("/users/:user", (ctx) => {
    const caller = callerOf(ctx);
    demandRole(caller, "User.ReadBasic.All", "User.Read.All");
    answerUser(ctx, state.origin, caller.tenant);
  });
  router.all("/{*rest}", (ctx) => {
    throw new GraphError(400, "BadRequest", `Resource not found for the segment '${ctx.params.rest ?? ""}'.`);
  });
  return router;
}

function answerUser(ctx: Context, origin: string, tenant: EntraTenant): void {
  const wanted = String(ctx.params.user);
  const user = tenant.userByName(wanted) ?? tenant.user(wanted.toLowerCase());
  if (user === undefined) {
    const message = `Resource '${wanted}' does not exist or one of its queried reference-property objects are not present.`;
    throw new GraphError(404, "Request_ResourceNotFound", message);
  }
  const { oid: id, userName: userPrincipalName, displayName } = user;
  const all = { displayName, id, mail: userPrincipalName, userPrincipalName };
  const answer = selected(ctx, { ...context(ctx, origin, "users/$entity"), ...all });
  const named = typeof ctx.query.$select === "string" && ctx.query.$select.split(",").includes("id");
  // Unlike meetings, users come without their id when it was not selected.
  if (typeof ctx.query.$select === "string" && !named) {
    delete answer.id;
  }
  ctx.body = answer;
}

function meetingRoutes(router: Router, state: GraphState): void {
  const { meetings, origin } = state;
  const answer = (ctx: Context, meeting: Meeting): void => {
    const organizer = meeting.organizer.oid;
    const head = context(ctx, origin, `users('${organizer}')/onlineMeetings/$entity`);
    ctx.body = selected(ctx, { ...head, ...meetingResource(meeting, showsAll(ctx)) });
  };
  router.post("/users/:user/onlineMeetings/createOrGet", async (ctx) => {
    const caller = callerOf(ctx);
    demandRole(caller, ...WRITE_MEETINGS);
    const organizer = organizerOf(ctx, caller);
    const body = await bodyOf(ctx, bodies.createOrGetBody);
    const { meeting, created } = meetings.createOrGet(caller.tenant, organizer, body);
    answer(ctx, meeting);
    ctx.status = created ? 201 : 200;
  });
  router.post("/users/:user/onlineMeetings", async (ctx) => {
    const caller = callerOf(ctx);
    demandRole(caller, ...WRITE_MEETINGS);
    const organizer = organizerOf(ctx, caller);
    answer(ctx, meetings.create(caller.tenant, organizer, await bodyOf(ctx, bodies.createMeetingBody)));
    ctx.status = 201;
  });
  router.get("/users/:user/onlineMeetings", (ctx) => {
    const caller = callerOf(ctx);
    demandRole(caller, ...READ_MEETINGS);
    const organizer = organizerOf(ctx, caller);
    const [, url] = /^\s*joinWebUrl\s+eq\s+'(.*)'\s*$/i.exec(String(ctx.query.$filter ?? "")) ?? [];
    if (url === undefined) {
      throw badRequest("Only a filter by JoinWebUrl is supported.");
    }
    const found = meetings.byJoinUrl(url);
    const visible = found?.tenant === caller.tenant && found.organizer === organizer ? [found] : [];
    const head = context(ctx, origin, `users('${organizer.oid}')/onlineMeetings`);
    ctx.body = { ...head, value: visible.map((each) => meetingResource(each, showsAll(ctx))) };
  });
  router.get("/users/:user/onlineMeetings/:meeting", (ctx) => {
    const caller = callerOf(ctx);
    demandRole(caller, ...READ_MEETINGS);
    answer(ctx, meetingOf(ctx, state, organizerOf(ctx, caller)));
  });
  router.patch("/users/:user/onlineMeetings/:meeting", async (ctx) => {
    const caller = callerOf(ctx);
    demandRole(caller, ...WRITE_MEETINGS);
    const meeting = meetingOf(ctx, state, organizerOf(ctx, caller));
    meetings.update(meeting, await bodyOf(ctx, bodies.updateMeetingBody));
    answer(ctx, meeting);
  });
  router.delete("/users/:user/onlineMeetings/:meeting", (ctx) => {
    const caller = callerOf(ctx);
    demandRole(caller, ...WRITE_MEETINGS);
    meetings.remove(meetingOf(ctx, state, organizerOf(ctx, caller)));
    ctx.status = 204;
  });
  router.get("/users/:user/onlineMeetings/:meeting/getVirtualAppointmentJoinWebUrl{*call}", () => {
    throw new GraphError(403, "Forbidden", "Application permissions are not supported for this function.");
  });
}

function subscriptionRoutes(router: Router, state: GraphState): void {
  const { subscriptions, origin } = state;
  const head = (ctx: Context, rest: string): Record<string, string> => context(ctx, origin, rest);
  router.get("/subscriptions", (ctx) => {
    const value = subscriptions.of(callerOf(ctx)).map(subscriptionResource);
    ctx.body = { ...head(ctx, "subscriptions"), value };
  });
  router.post("/subscriptions", async (ctx) => {
    const body = await bodyOf(ctx, bodies.createSubscriptionBody);
    const made = await subscriptions.create(callerOf(ctx), String(ctx.params.version), body);
    ctx.status = 201;
    ctx.body = { ...head(ctx, "subscriptions/$entity"), ...subscriptionResource(made) };
  });
  router.get("/subscriptions/:id", (ctx) => {
    const found = subscriptions.get(callerOf(ctx), String(ctx.params.id));
    ctx.body = { ...head(ctx, "subscriptions/$entity"), ...subscriptionResource(found) };
  });
  router.patch("/subscriptions/:id", async (ctx) => {
    const found = subscriptions.get(callerOf(ctx), String(ctx.params.id));
    await subscriptions.update(found, await bodyOf(ctx, bodies.updateSubscriptionBody));
    state.renewed(found);
    ctx.body = { ...head(ctx, "subscriptions/$entity"), ...subscriptionResource(found) };
  });
  router.delete("/subscriptions/:id", (ctx) => {
    subscriptions.remove(subscriptions.get(callerOf(ctx), String(ctx.params.id)));
    ctx.status = 204;
  });
  router.post("/subscriptions/:id/reauthorize", (ctx) => {
    const found = subscriptions.get(callerOf(ctx), String(ctx.params.id));
    subscriptions.reauthorize(found);
    state.renewed(found);
    ctx.status = 204;
  });
}

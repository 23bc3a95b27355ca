/** Routes of the page in place of a Teams meeting; what its buttons do goes the same way as ordered acts. */
import { randomUUID } from "node:crypto";
import Router from "@koa/router";
import type { Context } from "koa";
import { readForm } from "../../common/body.ts";
import { signInPage } from "../entra/pages.ts";
import type { Meeting } from "../graph/meetings.ts";
import type { World } from "../world.ts";
import { ActError, mayAdmit, present } from "./calls.ts";
import type { Leg } from "./model.ts";
import { meetingPage, noMeetingPage, room } from "./pages.ts";

const LONGEST_NAME = 60;

const baseOf = (meeting: Meeting): string => `/meeting/${meeting.id}`;
const signInOf = (meeting: Meeting): string => `${baseOf(meeting)}/sign-in`;

function legOf(meeting: Meeting, id: unknown): Leg | undefined {
  return meeting.legs.find((leg) => leg.id === id);
}

function demandLeg(meeting: Meeting, id: unknown): Leg {
  const leg = legOf(meeting, id);
  if (leg === undefined) {
    throw new ActError(404, "You are not in this meeting.");
  }
  return leg;
}

function joinFromPage(world: World, ctx: Context, meeting: Meeting, form: URLSearchParams): Leg {
  const account = form.get("account");
  if (account === null) {
    const name = (form.get("name") ?? "").trim().slice(0, LONGEST_NAME) || "Guest";
    return world.calls.join(meeting, world.calls.guest(meeting, randomUUID(), name));
  }
  const signedIn = world.entra.browser.of(ctx).find(({ user }) => user.oid === account);
  if (signedIn === undefined) {
    throw new ActError(403, "This browser is not signed in with that account any more.");
  }
  const { tenant, user } = signedIn;
  return world.calls.join(meeting, {
    kind: "user",
    oid: user.oid,
    tenantId: tenant.id,
    name: user.displayName,
  });
}

/** Answers with the leg that the page is from now on. */
function actFromPage(world: World, ctx: Context, meeting: Meeting, form: URLSearchParams): Leg {
  const { calls } = world;
  const act = form.get("act");
  if (act === "join") {
    return joinFromPage(world, ctx, meeting, form);
  }
  const me = demandLeg(meeting, form.get("leg"));
  switch (act) {
    case "leave":
      return calls.leave(meeting, me);
    case "drop":
      return calls.drop(meeting, me);
    case "rejoin":
      return calls.rejoin(meeting, me);
    case "admit":
    case "end":
      if (!mayAdmit(meeting, me)) {
        throw new ActError(403, "Only organisers and presenters can do this.");
      }
      if (act === "end") {
        calls.end(meeting);
      } else {
        const target = present(meeting).find(({ id }) => id === form.get("target"));
        calls.admit(meeting, demandLeg(meeting, target?.id));
      }
      return me;
    default:
      throw new ActError(400, "The page asked for something unknown.");
  }
}

export function meetingPageRoutes(world: World): Router {
  const router = new Router();
  const { browser } = world.entra;
  router.get("/l/meetup-join/:thread/:number", (ctx) => {
    const meeting = world.meetings.all.find(({ threadId }) => threadId === ctx.params.thread);
    ctx.set("Cache-Control", "no-store");
    if (meeting === undefined) {
      ctx.status = 404;
      ctx.body = noMeetingPage();
      return;
    }
    const addresses = { base: baseOf(meeting), signIn: signInOf(meeting) };
    ctx.body = meetingPage(meeting, browser.of(ctx), addresses);
  });
  router.param("meeting", async (id, ctx, next) => {
    ctx.state.meeting = world.meetings.byId(id) ?? ctx.throw(404, "there is no such meeting");
    await next();
  });
  router.get("/meeting/:meeting/room", (ctx) => {
    const meeting = ctx.state.meeting as Meeting;
    const leg = legOf(meeting, ctx.query.leg);
    ctx.set("Cache-Control", "no-store");
    ctx.type = "html";
    ctx.body = room(meeting, leg, browser.of(ctx), signInOf(meeting)).text;
  });
  router.get("/meeting/:meeting/events", (ctx) => {
    world.roster(ctx.state.meeting as Meeting).open(ctx);
  });
  router.post("/meeting/:meeting/acts", async (ctx) => {
    const meeting = ctx.state.meeting as Meeting;
    const leg = actFromPage(world, ctx, meeting, await readForm(ctx));
    world.changed(meeting);
    ctx.body = { legId: leg.id, state: leg.state };
  });
  signInRoutes(router, world);
  return router;
}

/** A sign-in for the meeting page alone: in a browser that has not been through the connector's. */
function signInRoutes(router: Router, world: World): void {
  const { browser, tenants } = world.entra;
  router.get("/meeting/:meeting/sign-in", (ctx) => {
    const accounts = tenants.all.flatMap((tenant) => tenant.users.map((user) => ({ tenant, user })));
    ctx.body = signInPage({ application: "the stand-in meeting", action: ctx.path, accounts });
  });
  router.post("/meeting/:meeting/sign-in", async (ctx) => {
    const [tid = "", oid = ""] = ((await readForm(ctx)).get("account") ?? "").split("|");
    const tenant = tenants.find(tid);
    if (tenant?.user(oid) !== undefined) {
      browser.remember(ctx, tenant, oid);
    }
    ctx.status = 303;
    ctx.redirect((ctx.state.meeting as Meeting).joinWebUrl);
  });
}

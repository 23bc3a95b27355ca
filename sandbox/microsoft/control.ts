/** Control routes of the pretend Microsoft: tokens to order, meetings, acts, notifications, keys. Never faulted. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type Router from "@koa/router";
import type { Context } from "koa";
import { readObject, textMember } from "../common/body.ts";
import { cast } from "../common/cast.ts";
import { managedIdentityClaims } from "./entra/identity.ts";
import { pairwise, servicePrincipalId } from "./entra/provider.ts";
import type { EntraTenant } from "./entra/tenants.ts";
import type { Meeting } from "./graph/meetings.ts";
import type { ReportSettings } from "./graph/reports.ts";
import type { Subscription } from "./graph/subscriptions.ts";
import { DEFAULTS, type NotificationSettings } from "./notify/delivery.ts";
import { LIFECYCLE_EVENTS, type LifecycleEvent } from "./notify/notifier.ts";
import { GENERATIONS } from "./notify/payload.ts";
import { TOKEN_KINDS } from "./notify/validation-tokens.ts";
import { GRAPH_RESOURCE, GRAPH_ROLES } from "./settings.ts";
import { act } from "./teams/acts.ts";
import { present } from "./teams/calls.ts";
import type { Leg } from "./teams/model.ts";
import type { World } from "./world.ts";

type Json = Record<string, unknown>;
const { apiClientId, portalClientId } = cast.applications;

function tenantOf(ctx: Context, world: World, body: Json): EntraTenant {
  const tenant = world.entra.tenants.find(textMember(ctx, body, "tenant"));
  return tenant ?? ctx.throw(404, "there is no such tenant");
}

function meetingOf(ctx: Context, world: World): Meeting {
  return world.meetings.byId(String(ctx.params.id)) ?? ctx.throw(404, "there is no such meeting");
}

/** The claims that a real sign-in, a real app or the managed identity would get. */
function claimsFor(ctx: Context, tenant: EntraTenant, body: Json): Json {
  const now = Math.floor(Date.now() / 1000);
  const common = {
    iss: tenant.issuer,
    iat: now,
    nbf: now,
    exp: now + 3600,
    tid: tenant.id,
    uti: randomUUID(),
    ver: "2.0",
  };
  switch (body.audience ?? "api") {
    case "api": {
      const user =
        tenant.users.find(({ key }) => key === body.user) ?? ctx.throw(404, "no such user in this tenant");
      return {
        ...common,
        aud: apiClientId,
        azp: portalClientId,
        azpacr: "0",
        oid: user.oid,
        sub: pairwise(tenant.id, user.oid, apiClientId),
        name: user.displayName,
        preferred_username: user.userName,
        scp: "access_as_user",
        ...(user.roles.length > 0 ? { roles: user.roles } : {}),
      };
    }
    case "graph": {
      const oid = servicePrincipalId(tenant.id, apiClientId);
      const application = { azp: apiClientId, azpacr: "2", idtyp: "app", oid, sub: oid };
      return { ...common, aud: GRAPH_RESOURCE, ...application, roles: tenant.roles ?? [] };
    }
    case "exchange":
      return managedIdentityClaims(tenant);
    default:
      return ctx.throw(400, '"audience" must be api, graph or exchange');
  }
}

function tokenRoutes(router: Router, world: World): void {
  router.post("/control/tokens", async (ctx) => {
    const body = await readObject(ctx);
    const tenant = tenantOf(ctx, world, body);
    const claims = { ...claimsFor(ctx, tenant, body), ...(body.overrides as Json | undefined) };
    // A null takes the claim away.
    const kept = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== null));
    ctx.body = { access_token: await tenant.sign(kept, body.badSignature === true) };
  });
  router.post("/control/consent", async (ctx) => {
    const body = await readObject(ctx);
    const tenant = tenantOf(ctx, world, body);
    const roles = Array.isArray(body.roles) ? body.roles.map(String) : [];
    tenant.roles = body.roles === null ? undefined : GRAPH_ROLES.filter((role) => roles.includes(role));
    ctx.body = { roles: tenant.roles ?? null };
  });
  router.post("/control/keys/rotate", async (ctx) => {
    const body = await readObject(ctx);
    ctx.body = { kid: await world.entra.rotate(tenantOf(ctx, world, body), body.forget === true) };
  });
}

function legShown({ id, person, state }: Leg): Json {
  const oid = person.kind === "user" ? { oid: person.oid, tenantId: person.tenantId } : {};
  return { legId: id, kind: person.kind, ...oid, name: person.name, state };
}

function meetingShown(meeting: Meeting): Json {
  const { id, tenant, organizer, externalId, joinWebUrl, settings, subject, attendees, created } = meeting;
  const legs = present(meeting);
  return {
    id,
    tenantId: tenant.id,
    organizerId: organizer.oid,
    externalId,
    joinWebUrl,
    subject,
    settings,
    attendees,
    roster: legs.filter(({ silent }) => !silent).map(legShown),
    silent: legs.filter(({ silent }) => silent).map(legShown),
    calls: meeting.calls.map(({ id: callId, started, ended }) => ({
      id: callId,
      started,
      ended: ended ?? null,
    })),
    created,
  };
}

function meetingRoutes(router: Router, world: World): void {
  router.get("/control/meetings", (ctx) => {
    ctx.body = { meetings: world.meetings.all.map(meetingShown) };
  });
  router.post("/control/meetings/:id/acts", async (ctx) => {
    ctx.body = act(world, meetingOf(ctx, world), await readObject(ctx));
  });
  router.post("/control/meetings/:id/reports", async (ctx) => {
    const meeting = meetingOf(ctx, world);
    const { partial } = await readObject(ctx);
    const over = meeting.calls.filter(({ ended }) => ended !== undefined);
    for (const call of over) {
      world.reports.make(meeting, call, partial === true);
    }
    ctx.body = {
      calls: over.map(({ id }) => id),
      attendanceReports: world.reports.attendance(meeting).length,
    };
  });
}

function subscriptionShown(each: Subscription): Json {
  const { id, resource, notificationUrl, lifecycleNotificationUrl, applicationId, changeType } = each;
  const { created, expires, warnings, paused, encryptionCertificateId, includeResourceData } = each;
  return {
    id,
    tenantId: each.tenant.id,
    applicationId,
    resource,
    changeType,
    meetingId: each.meeting?.id ?? null,
    notificationUrl,
    lifecycleNotificationUrl,
    includeResourceData,
    encryptionCertificateId,
    created,
    expirationDateTime: expires,
    warnings,
    paused,
  };
}

const probability = (value: unknown): boolean => typeof value === "number" && value >= 0 && value <= 1;
const milliseconds = (value: unknown): boolean => typeof value === "number" && value >= 0;
const among =
  (names: readonly string[]) =>
  (value: unknown): boolean =>
    names.includes(String(value));

/** What `POST /control/notifications` takes: the settings of deliveries, of calls, and of reports. */
const SWITCHES: Readonly<Record<string, (value: unknown) => boolean>> = {
  generation: among(GENERATIONS),
  validationTokens: among(TOKEN_KINDS),
  duplicate: probability,
  reorder: probability,
  lose: probability,
  delayMs: (value) => Array.isArray(value) && value.length === 2 && value.every(milliseconds),
  seed: (value) => Number.isInteger(value),
  backOffMs: milliseconds,
  reorderHoldMs: milliseconds,
  inactiveAfterMs: milliseconds,
  callEndedWhenEmpty: (value) => typeof value === "boolean",
  reportsAfterMs: milliseconds,
  attendanceReports: (value) => typeof value === "boolean",
  reportPage: (value) => value === null || (Number.isInteger(value) && Number(value) >= 1),
  duplicateSessions: (value) => typeof value === "boolean",
  handshakeMs: milliseconds,
};

function settingsShown({ deliveries, calls, reports, subscriptions: { handshakeMs } }: World): Json {
  return { ...deliveries.settings, ...calls.settings, ...reports.settings, handshakeMs };
}

/** Members that are not given stay as they are. */
function configure(ctx: Context, world: World, body: Json): void {
  const wrong = Object.entries(body).find(([name, value]) => !SWITCHES[name]?.(value));
  if (wrong !== undefined) {
    ctx.throw(400, `"${wrong[0]}" is unknown or has an unusable value`);
  }
  const { inactiveAfterMs, callEndedWhenEmpty, handshakeMs, ...others } = body;
  const isOfReports = ([name]: [string, unknown]): boolean => name in world.reports.settings;
  const reports = Object.fromEntries(Object.entries(others).filter(isOfReports));
  const rest = Object.fromEntries(Object.entries(others).filter((each) => !isOfReports(each)));
  world.deliveries.configure(rest as Partial<NotificationSettings>);
  const before = world.calls.settings;
  world.calls.settings = {
    inactiveAfterMs: (inactiveAfterMs as number | undefined) ?? before.inactiveAfterMs,
    callEndedWhenEmpty: (callEndedWhenEmpty as boolean | undefined) ?? before.callEndedWhenEmpty,
  };
  world.subscriptions.handshakeMs = (handshakeMs as number | undefined) ?? world.subscriptions.handshakeMs;
  world.reports.settings = { ...world.reports.settings, ...(reports as Partial<ReportSettings>) };
}

function notificationRoutes(router: Router, world: World): void {
  const { deliveries } = world;
  router.get("/control/notifications", (ctx) => {
    ctx.body = { settings: settingsShown(world), counts: deliveries.counts(), deliveries: deliveries.log };
  });
  router.post("/control/notifications", async (ctx) => {
    configure(ctx, world, await readObject(ctx));
    ctx.body = { settings: settingsShown(world) };
  });
  router.delete("/control/notifications", (ctx) => {
    deliveries.configure(DEFAULTS);
    ctx.status = 204;
  });
  router.post("/control/notifications/wait", async (ctx) => {
    const { timeoutMs = 30_000 } = await readObject(ctx);
    const until = Date.now() + Number(timeoutMs);
    while (deliveries.inFlight > 0 && Date.now() < until) {
      await sleep(10);
    }
    ctx.body = { idle: deliveries.inFlight === 0, inFlight: deliveries.inFlight };
  });
  router.get("/control/subscriptions", (ctx) => {
    ctx.body = { subscriptions: world.subscriptions.all.map(subscriptionShown) };
  });
  router.post("/control/lifecycle", async (ctx) => {
    const body = await readObject(ctx);
    const id = textMember(ctx, body, "subscriptionId");
    const subscription = world.subscriptions.all.find((each) => each.id === id);
    const event = body.lifecycleEvent as LifecycleEvent;
    if (subscription === undefined || !LIFECYCLE_EVENTS.includes(event)) {
      ctx.throw(subscription === undefined ? 404 : 400, "no such subscription or lifecycle event");
    }
    const sent = world.notifier.lifecycle(subscription as Subscription, event);
    (subscription as Subscription).paused = body.pause === true;
    ctx.body = { sent };
  });
}

export function controlRoutes(router: Router, world: World): void {
  tokenRoutes(router, world);
  meetingRoutes(router, world);
  notificationRoutes(router, world);
}

/** Change-notification subscriptions: what Graph accepts, for how long, and the handshake with the receiver. */
import { randomBytes, randomUUID, type X509Certificate } from "node:crypto";
import type { EntraTenant } from "../entra/tenants.ts";
import { readCertificate } from "../notify/encryption.ts";
import type { Caller } from "./caller.ts";
import { demandRole } from "./caller.ts";
import { GraphError } from "./errors.ts";
import type { Meeting, Meetings } from "./meetings.ts";

const MINUTE_MS = 60_000;
const LONGEST_MS = 4_230 * MINUTE_MS;
const SHORTEST_MS = 45 * MINUTE_MS;
const HANDSHAKE_MS = 10_000;
const CALL_RECORDS = "communications/callRecords";
const CALL_EVENTS = /^communications\/onlineMeetings\(joinWebUrl='([^']+)'\)\/meetingCallEvents$/i;

export interface Subscription {
  readonly id: string;
  readonly tenant: EntraTenant;
  readonly applicationId: string;
  readonly creatorId: string;
  readonly resource: string;
  readonly changeType: string;
  readonly clientState: string | null;
  readonly includeResourceData: boolean;
  readonly lifecycleNotificationUrl: string | null;
  readonly latestSupportedTlsVersion: string;
  /** The meeting whose call events it wants; undefined for call records. */
  readonly meeting: Meeting | undefined;
  readonly created: Date;
  notificationUrl: string;
  expires: Date;
  certificate: X509Certificate | undefined;
  encryptionCertificate: string | null;
  encryptionCertificateId: string | null;
  /** Reauthorised or renewed last: Graph asks never to do both within ten minutes. */
  renewals: { readonly how: "reauthorize" | "patch"; readonly at: Date }[];
  warnings: string[];
  /** Deliveries wait until the subscription is reauthorised or renewed. */
  paused: boolean;
}

const invalid = (message: string): GraphError => new GraphError(400, "InvalidRequest", message);

/** Asks the receiver to echo a token (plain text, 200, in time). */
async function shakeHands(url: string, timeoutMs: number): Promise<void> {
  const token = `Validation: Testing client application reachability for subscription Request-Id: ${randomUUID()} <&'"> ${randomBytes(9).toString("base64")}`;
  const target = new URL(url);
  target.searchParams.set("validationToken", token);
  let problem: string | undefined;
  try {
    const response = await fetch(target, {
      method: "POST",
      headers: { "Content-Type": "text/plain; charset=utf-8" },
      body: "",
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    const body = await response.text();
    const type = response.headers.get("content-type") ?? "";
    if (response.status !== 200) {
      problem = `Notification endpoint must respond with 200 OK to validation request, not ${response.status}.`;
    } else if (!/^text\/plain\b/i.test(type)) {
      problem = "Notification endpoint must answer the validation request as text/plain.";
    } else if (body !== token) {
      problem = "The response to the validation request is not the validation token.";
    }
  } catch (error) {
    const late = (error as Error).name === "TimeoutError";
    problem = late ? "The validation request timed out." : "The notification endpoint cannot be reached.";
  }
  if (problem !== undefined) {
    throw new GraphError(400, "ValidationError", `Subscription validation request failed. ${problem}`);
  }
}

/** Too short is raised, too long is refused. */
function readExpiry(given: unknown): Date {
  const wanted = new Date(String(given));
  const now = Date.now();
  if (wanted.getTime() <= now) {
    throw invalid("Subscription expiration can only be a time in the future.");
  }
  // A minute of grace for the way that the request took.
  if (wanted.getTime() > now + LONGEST_MS + MINUTE_MS) {
    throw invalid("Subscription expiration can only be 4230 minutes in the future.");
  }
  return new Date(Math.max(wanted.getTime(), now + SHORTEST_MS));
}

function certificateOf(base64: unknown): X509Certificate {
  const certificate = readCertificate(String(base64));
  if (typeof certificate === "string") {
    throw invalid(certificate);
  }
  return certificate;
}

export class Subscriptions {
  /** Ten seconds; shorter only for tests that cannot wait. */
  handshakeMs = HANDSHAKE_MS;
  readonly #meetings: Meetings;
  #all: Subscription[] = [];
  /** Resources whose handshake is under way: a second request is a duplicate already. */
  readonly #pending = new Map<string, string>();

  constructor(meetings: Meetings) {
    this.#meetings = meetings;
  }

  /** Those that have not expired. */
  get all(): readonly Subscription[] {
    this.#all = this.#all.filter(({ expires }) => expires > new Date());
    return this.#all;
  }

  clear(): void {
    this.#all = [];
    this.#pending.clear();
    this.handshakeMs = HANDSHAKE_MS;
  }

  of(caller: Caller): Subscription[] {
    return this.all.filter(
      (each) => each.tenant === caller.tenant && each.applicationId === caller.applicationId,
    );
  }

  /** Only the application that made it sees it, and only in its tenant. */
  get(caller: Caller, id: string): Subscription {
    const found = this.of(caller).find((each) => each.id === id);
    if (found === undefined) {
      throw new GraphError(404, "ResourceNotFound", "The object was not found.");
    }
    return found;
  }

  remove(subscription: Subscription): void {
    this.#all = this.#all.filter((each) => each !== subscription);
  }

  async create(
    caller: Caller,
    version: string,
    body: Readonly<Record<string, unknown>>,
  ): Promise<Subscription> {
    const resource = String(body.resource).replace(/^\//, "");
    const meeting = this.#readResource(caller, version, resource, String(body.changeType));
    const draft = makeSubscription(caller, resource, meeting, body);
    const key = [caller.tenant.id, caller.applicationId, draft.changeType, meeting?.id ?? resource].join("|");
    const taken = this.#pending.get(key) ?? this.of(caller).find((each) => sameSubject(each, draft))?.id;
    if (taken !== undefined) {
      const message = `Subscription Id <${taken}> already exists for the requested combination`;
      throw new GraphError(409, "Conflict", message);
    }
    this.#pending.set(key, draft.id);
    try {
      await shakeHands(draft.notificationUrl, this.handshakeMs);
      if (draft.lifecycleNotificationUrl !== null) {
        await shakeHands(draft.lifecycleNotificationUrl, this.handshakeMs);
      }
    } finally {
      this.#pending.delete(key);
    }
    const subscription = { ...draft, created: new Date() };
    this.#all.push(subscription);
    return subscription;
  }

  async update(subscription: Subscription, body: Readonly<Record<string, unknown>>): Promise<void> {
    const expires = body.expirationDateTime === undefined ? undefined : readExpiry(body.expirationDateTime);
    const certificate = body.encryptionCertificate ? certificateOf(body.encryptionCertificate) : undefined;
    if (certificate !== undefined && !body.encryptionCertificateId) {
      throw invalid("encryptionCertificateId is required with encryptionCertificate.");
    }
    if (typeof body.notificationUrl === "string" && body.notificationUrl !== subscription.notificationUrl) {
      await shakeHands(body.notificationUrl, this.handshakeMs);
      subscription.notificationUrl = body.notificationUrl;
    }
    if (certificate !== undefined) {
      subscription.certificate = certificate;
      subscription.encryptionCertificate = String(body.encryptionCertificate);
      subscription.encryptionCertificateId = String(body.encryptionCertificateId);
    }
    if (expires !== undefined) {
      subscription.expires = expires;
      renewed(subscription, "patch");
    }
  }

  reauthorize(subscription: Subscription): void {
    renewed(subscription, "reauthorize");
  }

  #readResource(caller: Caller, version: string, resource: string, changeType: string): Meeting | undefined {
    if (resource === CALL_RECORDS) {
      demandRole(caller, "CallRecords.Read.All");
      if (!changeType.split(",").every((change) => change === "created" || change === "updated")) {
        throw invalid("Call records can be created and updated only.");
      }
      return undefined;
    }
    const [, encoded] = CALL_EVENTS.exec(resource) ?? [];
    if (encoded === undefined || version !== "beta") {
      throw invalid(`Resource '${resource}' is not supported in this version.`);
    }
    demandRole(caller, "OnlineMeetings.Read.All", "OnlineMeetings.ReadWrite.All");
    if (changeType !== "updated") {
      throw invalid("Call events of a meeting can be updated only.");
    }
    const meeting = this.#meetings.byJoinUrl(encoded);
    if (meeting === undefined || meeting.tenant !== caller.tenant || !encoded.includes("%253a")) {
      throw invalid("The join URL of the resource names no meeting of this tenant, or is not URL-encoded.");
    }
    return meeting;
  }
}

function sameSubject(one: Subscription, other: Subscription): boolean {
  const same = one.meeting === undefined ? one.resource === other.resource : one.meeting === other.meeting;
  return same && one.changeType === other.changeType;
}

function makeSubscription(
  caller: Caller,
  resource: string,
  meeting: Meeting | undefined,
  body: Readonly<Record<string, unknown>>,
): Subscription {
  const rich = body.includeResourceData === true;
  const expires = readExpiry(body.expirationDateTime);
  if (rich && (!body.encryptionCertificate || !body.encryptionCertificateId)) {
    throw invalid("includeResourceData needs encryptionCertificate and encryptionCertificateId.");
  }
  if (rich && meeting === undefined) {
    throw invalid("Call records have no notifications with resource data.");
  }
  if (!body.lifecycleNotificationUrl && expires.getTime() > Date.now() + 60 * MINUTE_MS) {
    const message =
      "lifecycleNotificationUrl is a required property for subscription creation on this resource when the expirationDateTime value is set to greater than 1 hour.";
    throw invalid(message);
  }
  const optional = (name: string): string | null => (body[name] as string | null | undefined) ?? null;
  return {
    id: randomUUID(),
    tenant: caller.tenant,
    applicationId: caller.applicationId,
    creatorId: caller.servicePrincipalId,
    resource,
    changeType: String(body.changeType),
    clientState: optional("clientState"),
    includeResourceData: rich,
    lifecycleNotificationUrl: optional("lifecycleNotificationUrl"),
    latestSupportedTlsVersion: optional("latestSupportedTlsVersion") ?? "v1_2",
    meeting,
    created: new Date(),
    notificationUrl: String(body.notificationUrl),
    expires,
    certificate: rich ? certificateOf(body.encryptionCertificate) : undefined,
    encryptionCertificate: optional("encryptionCertificate"),
    encryptionCertificateId: optional("encryptionCertificateId"),
    renewals: [],
    warnings: [],
    paused: false,
  };
}

function renewed(subscription: Subscription, how: "reauthorize" | "patch"): void {
  const at = new Date();
  const recent = subscription.renewals.some(
    (renewal) => renewal.how !== how && at.getTime() - renewal.at.getTime() < 10 * MINUTE_MS,
  );
  if (recent) {
    subscription.warnings.push(`${at.toISOString()}: reauthorised and renewed within ten minutes`);
  }
  subscription.renewals.push({ how, at });
  subscription.paused = false;
}

export function subscriptionResource(subscription: Subscription): Record<string, unknown> {
  const { id, resource, applicationId, changeType, clientState, notificationUrl, creatorId } = subscription;
  return {
    id,
    resource,
    applicationId,
    changeType,
    clientState,
    notificationUrl,
    notificationQueryOptions: null,
    lifecycleNotificationUrl: subscription.lifecycleNotificationUrl,
    expirationDateTime: subscription.expires.toISOString(),
    creatorId,
    includeResourceData: subscription.includeResourceData,
    latestSupportedTlsVersion: subscription.latestSupportedTlsVersion,
    encryptionCertificate: subscription.encryptionCertificate,
    encryptionCertificateId: subscription.encryptionCertificateId,
    notificationUrlAppId: null,
  };
}

/** Makes Graph's change notifications out of what happens in meetings, and of new call records. */
import { randomUUID } from "node:crypto";
import type { Meeting } from "../graph/meetings.ts";
import type { Subscription, Subscriptions } from "../graph/subscriptions.ts";
import type { Call, CallEvent } from "../teams/model.ts";
import type { Deliveries } from "./delivery.ts";
import { encrypt } from "./encryption.ts";
import { type Generation, isSilent, payload } from "./payload.ts";
import { validationTokens } from "./validation-tokens.ts";

export const LIFECYCLE_EVENTS = ["reauthorizationRequired", "subscriptionRemoved", "missed"] as const;
export type LifecycleEvent = (typeof LIFECYCLE_EVENTS)[number];

export class Notifier {
  readonly #subscriptions: Subscriptions;
  readonly #deliveries: Deliveries;
  #sequence = 0;

  constructor(subscriptions: Subscriptions, deliveries: Deliveries) {
    this.#subscriptions = subscriptions;
    this.#deliveries = deliveries;
  }

  /** One POST for each act and subscription; only calls that began after the subscription existed are told. */
  callEvents(meeting: Meeting, call: Call, events: readonly CallEvent[]): void {
    this.#sequence += 1;
    const { generation } = this.#deliveries.settings;
    const told = events.filter((event) => !isSilent(generation, event));
    const interested = this.#subscriptions.all.filter(
      (each) => each.meeting === meeting && each.created <= call.began,
    );
    for (const subscription of told.length > 0 ? interested : []) {
      const items = told.map((event) => this.#callEventItem(subscription, meeting, event, generation));
      this.#deliveries.send({
        subscription,
        kind: "change",
        items: told.map((event, index) => summary(event, items[index]?.id)),
        url: () => subscription.notificationUrl,
        body: () => this.#collection(subscription, items),
      });
    }
  }

  callRecord(meeting: Meeting, recordId: string, changeType: "created" | "updated"): void {
    const wanting = this.#subscriptions.all.filter(
      (each) => each.meeting === undefined && each.tenant === meeting.tenant,
    );
    for (const subscription of wanting.filter((each) => each.changeType.split(",").includes(changeType))) {
      const resource = `communications/callRecords/${recordId}`;
      const item = {
        ...common(subscription),
        id: randomUUID(),
        changeType,
        resource,
        resourceData: {
          "@odata.type": "#Microsoft.Graph.callRecord",
          "@odata.id": resource,
          id: recordId,
        },
      };
      this.#deliveries.send({
        subscription,
        kind: "change",
        items: [{ id: item.id, changeType, resource }],
        url: () => subscription.notificationUrl,
        body: async () => ({ value: [item] }),
      });
    }
  }

  /** Lifecycle notifications have neither a resource nor a change type. */
  lifecycle(subscription: Subscription, lifecycleEvent: LifecycleEvent): boolean {
    const url = subscription.lifecycleNotificationUrl;
    if (url === null) {
      return false;
    }
    const item = { ...common(subscription), lifecycleEvent };
    this.#deliveries.send({
      subscription,
      kind: "lifecycle",
      items: [{ lifecycleEvent }],
      url: () => url,
      body: async () => ({ value: [item] }),
    });
    return true;
  }

  #callEventItem(
    subscription: Subscription,
    meeting: Meeting,
    event: CallEvent,
    generation: Generation,
  ): Record<string, unknown> & { id: string } {
    const eventId = randomUUID();
    const address = { eventId, joinWebUrl: meeting.joinWebUrl, sequence: this.#sequence };
    const { certificate, encryptionCertificateId } = subscription;
    const content =
      certificate === undefined || encryptionCertificateId === null
        ? {}
        : {
            encryptedContent: encrypt(
              payload(generation, event, address),
              certificate,
              encryptionCertificateId,
            ),
          };
    return {
      ...common(subscription),
      id: randomUUID(),
      changeType: "updated",
      resource: subscription.resource,
      resourceData: {
        "@odata.type": "#microsoft.graph.callevent",
        "@odata.id": `${subscription.resource}/${eventId}`,
        id: eventId,
      },
      ...content,
    };
  }

  async #collection(subscription: Subscription, items: readonly object[]): Promise<object> {
    if (!subscription.includeResourceData) {
      return { value: items };
    }
    const { tenant, applicationId } = subscription;
    const kind = this.#deliveries.settings.validationTokens;
    return { value: items, validationTokens: await validationTokens(tenant, applicationId, kind) };
  }
}

function common(subscription: Subscription): Record<string, unknown> {
  return {
    subscriptionId: subscription.id,
    subscriptionExpirationDateTime: subscription.expires.toISOString(),
    tenantId: subscription.tenant.id,
    clientState: subscription.clientState,
  };
}

/** What the log of deliveries shows: no names, as those travel encrypted only. */
function summary(event: CallEvent, id: string | undefined): object {
  return {
    id,
    eventType: event.type,
    eventDateTime: event.at.toISOString(),
    participants: event.changes.map(({ id: legId, change }) => ({ legId, change })),
  };
}

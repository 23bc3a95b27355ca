/** Sends notifications as Graph does: three seconds, then retries with back-off; misbehaves from a seed when told to. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { seeded } from "../../common/random.ts";
import type { Subscription } from "../graph/subscriptions.ts";
import type { Generation } from "./payload.ts";
import type { TokenKind } from "./validation-tokens.ts";

export interface NotificationSettings {
  generation: Generation;
  validationTokens: TokenKind;
  /** Probabilities, drawn for each act in turn. */
  duplicate: number;
  reorder: number;
  lose: number;
  delayMs: readonly [number, number];
  seed: number;
  /** Wait before the first retry; doubled each time. */
  backOffMs: number;
  /** A swapped notification goes after the next one, or after this time when none follows. */
  reorderHoldMs: number;
}

export const DEFAULTS: Readonly<NotificationSettings> = {
  generation: "delta-camel",
  validationTokens: "v2",
  duplicate: 0,
  reorder: 0,
  lose: 0,
  delayMs: [0, 0],
  seed: 1,
  backOffMs: 500,
  reorderHoldMs: 1_000,
};

const FIRST_TIMEOUT_MS = 3_000;
const RETRY_TIMEOUT_MS = 10_000;
const TRIES = 10;
const KEPT = 1_000;

export interface Try {
  readonly at: string;
  /** 0 where there was no answer in time, or none at all. */
  readonly status: number;
  readonly ms: number;
  readonly problem?: string;
}

export interface Delivery {
  readonly id: string;
  readonly subscriptionId: string;
  readonly kind: "change" | "lifecycle";
  readonly items: readonly object[];
  readonly copy: boolean;
  readonly tries: Try[];
  outcome: "waiting" | "held back" | "sending" | "retrying" | "delivered" | "lost" | "given up";
}

/** One POST to be made; the body is built at the moment of sending, so that its tokens are fresh. */
export interface Parcel {
  readonly subscription: Subscription;
  readonly kind: Delivery["kind"];
  readonly items: readonly object[];
  url(): string;
  body(): Promise<object>;
}

interface Queued {
  readonly parcel: Parcel;
  readonly delivery: Delivery;
  readonly delayMs: number;
}

/** The parcels of one subscription, in order: each first try waits for that of the parcel before. */
interface Lane {
  tail: Promise<void>;
  held: { readonly queued: readonly Queued[]; readonly timer: NodeJS.Timeout } | undefined;
  paused: Queued[];
}

export class Deliveries {
  settings: NotificationSettings = { ...DEFAULTS };
  #draw = seeded(DEFAULTS.seed);
  #log: Delivery[] = [];
  #lanes = new Map<Subscription, Lane>();
  readonly #wanted: (subscription: Subscription) => boolean;
  readonly #changed: () => void;
  /** Counts the resets: what belongs to an earlier life is not sent any more. */
  #life = 0;

  constructor(wanted: (subscription: Subscription) => boolean, changed: () => void) {
    this.#wanted = wanted;
    this.#changed = changed;
  }

  get log(): readonly Delivery[] {
    return this.#log;
  }

  get inFlight(): number {
    return this.#log.filter(({ outcome }) => !["delivered", "lost", "given up"].includes(outcome)).length;
  }

  counts(): Record<string, number> {
    const tries = this.#log.flatMap((delivery) => delivery.tries);
    const outcome = (name: Delivery["outcome"]): number =>
      this.#log.filter((each) => each.outcome === name).length;
    return {
      deliveries: this.#log.length,
      delivered: outcome("delivered"),
      lost: outcome("lost"),
      givenUp: outcome("given up"),
      copies: this.#log.filter(({ copy }) => copy).length,
      tries: tries.length,
      over3s: tries.filter(({ ms }) => ms >= FIRST_TIMEOUT_MS).length,
      over10s: tries.filter(({ ms }) => ms >= RETRY_TIMEOUT_MS).length,
      inFlight: this.inFlight,
    };
  }

  configure(change: Partial<NotificationSettings>): void {
    this.settings = { ...this.settings, ...change };
    if (change.seed !== undefined) {
      this.#draw = seeded(change.seed);
    }
  }

  clear(): void {
    this.#life += 1;
    for (const { held } of this.#lanes.values()) {
      clearTimeout(held?.timer);
    }
    this.#lanes.clear();
    this.#log = [];
    this.settings = { ...DEFAULTS };
    this.#draw = seeded(DEFAULTS.seed);
  }

  /** The same number of draws for each parcel, so that one switch does not change what another one does. */
  send(parcel: Parcel): void {
    const { duplicate, reorder, lose, delayMs } = this.settings;
    const [lost, twice, late] = [this.#draw() < lose, this.#draw() < duplicate, this.#draw() < reorder];
    const [least, most] = delayMs;
    const wait = least + this.#draw() * (most - least);
    const queued = [this.#enter(parcel, false, wait)];
    if (lost) {
      for (const { delivery } of queued) {
        delivery.outcome = "lost";
      }
      this.#changed();
      return;
    }
    if (twice) {
      queued.push(this.#enter(parcel, true, wait));
    }
    const lane = this.#lane(parcel.subscription);
    if (late && lane.held === undefined) {
      for (const { delivery } of queued) {
        delivery.outcome = "held back";
      }
      const timer = setTimeout(() => this.#releaseHeld(lane), this.settings.reorderHoldMs);
      lane.held = { queued, timer };
      return;
    }
    this.#enqueue(lane, queued);
    this.#releaseHeld(lane);
  }

  /** Lets go what waited while the subscription was paused. */
  resume(subscription: Subscription): void {
    const lane = this.#lane(subscription);
    const waiting = lane.paused;
    lane.paused = [];
    this.#enqueue(lane, waiting);
  }

  #enter(parcel: Parcel, copy: boolean, delayMs: number): Queued {
    const { subscription, kind, items } = parcel;
    const delivery: Delivery = {
      id: randomUUID(),
      subscriptionId: subscription.id,
      kind,
      items,
      copy,
      tries: [],
      outcome: "waiting",
    };
    this.#log.push(delivery);
    if (this.#log.length > KEPT) {
      this.#log.shift();
    }
    return { parcel, delivery, delayMs };
  }

  #lane(subscription: Subscription): Lane {
    const lane = this.#lanes.get(subscription) ?? { tail: Promise.resolve(), held: undefined, paused: [] };
    this.#lanes.set(subscription, lane);
    return lane;
  }

  #releaseHeld(lane: Lane): void {
    const { held } = lane;
    if (held !== undefined) {
      clearTimeout(held.timer);
      lane.held = undefined;
      this.#enqueue(lane, held.queued);
    }
  }

  #enqueue(lane: Lane, queued: readonly Queued[]): void {
    const life = this.#life;
    for (const one of queued) {
      lane.tail = lane.tail.then(async () => {
        if (one.parcel.subscription.paused && one.parcel.kind === "change") {
          lane.paused.push(one);
          return;
        }
        await sleep(one.delayMs);
        if (life === this.#life && !(await this.#try(one, FIRST_TIMEOUT_MS))) {
          void this.#retry(one, life);
        }
      });
    }
  }

  async #retry(one: Queued, life: number): Promise<void> {
    for (let attempt = 1; attempt < TRIES && life === this.#life; attempt += 1) {
      await sleep(this.settings.backOffMs * 2 ** (attempt - 1), undefined, { ref: false });
      if (life === this.#life && (await this.#try(one, RETRY_TIMEOUT_MS))) {
        return;
      }
    }
    one.delivery.outcome = "given up";
    this.#changed();
  }

  /** True when there is nothing left to do: delivered, or nobody wants it any more. */
  async #try({ parcel, delivery }: Queued, timeoutMs: number): Promise<boolean> {
    if (!this.#wanted(parcel.subscription)) {
      delivery.outcome = "given up";
      return true;
    }
    delivery.outcome = "sending";
    const body = JSON.stringify(await parcel.body());
    const began = Date.now();
    const result = await post(parcel.url(), body, timeoutMs);
    const done = result.status >= 200 && result.status < 300;
    delivery.tries.push({ at: new Date(began).toISOString(), ms: Date.now() - began, ...result });
    delivery.outcome = done ? "delivered" : "retrying";
    this.#changed();
    return done;
  }
}

async function post(
  url: string,
  body: string,
  timeoutMs: number,
): Promise<{ status: number; problem?: string }> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json; charset=utf-8" },
      body,
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.arrayBuffer();
    return { status: response.status };
  } catch (error) {
    const { name, cause } = error as { name: string; cause?: { code?: string } };
    return { status: 0, problem: name === "TimeoutError" ? "no answer in time" : (cause?.code ?? name) };
  }
}

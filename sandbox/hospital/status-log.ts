/** What the connector told the EHR: every status call in order, and each participant's present state. */
import type { Channel } from "../common/events.ts";

export type ParticipantState = "waiting" | "connected" | "disconnected";

/** Epic's public values are 1 and, by inference, 2; 3 is a word of this pretend hospital alone. */
export const STATES: Readonly<Record<string, ParticipantState>> = {
  "1": "connected",
  "2": "disconnected",
  "3": "waiting",
};

export interface StatusCall {
  readonly at: string;
  readonly conferenceId: string;
  readonly externalId: string;
  readonly externalIdType: string;
  readonly vendorName: string;
  readonly connectionStatus: string;
  /** The HTTP status that was answered. */
  readonly status: number;
  /** `OK`, `UNAUTHORIZED`, or the code of the refusal. */
  readonly outcome: string;
}

export interface ParticipantStatus {
  readonly appointment: string;
  readonly externalId: string;
  readonly externalIdType: string;
  readonly state: ParticipantState;
  /** The EHR stamps the time itself: the call carries none. */
  readonly at: string;
}

export class StatusCalls {
  readonly #channel: Channel;
  #calls: StatusCall[] = [];
  readonly #present = new Map<string, ParticipantStatus>();

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  get all(): readonly StatusCall[] {
    return this.#calls;
  }

  get present(): ParticipantStatus[] {
    return [...this.#present.values()];
  }

  clear(): void {
    this.#calls = [];
    this.#present.clear();
  }

  log(call: StatusCall): void {
    this.#calls.push(call);
    this.#channel.send("call", call);
  }

  stamp(status: ParticipantStatus): void {
    const { appointment, externalId, externalIdType } = status;
    this.#present.set(`${appointment}|${externalIdType}|${externalId}`, status);
    this.#channel.send("status", status);
  }
}

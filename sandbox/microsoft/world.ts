/** Everything the pretend Microsoft knows, put together: tenants, meetings, calls, subscriptions, deliveries, reports. */
import { Channel } from "../common/events.ts";
import { Entra } from "./entra/router.ts";
import { type Meeting, Meetings } from "./graph/meetings.ts";
import { Reports } from "./graph/reports.ts";
import type { GraphState } from "./graph/request.ts";
import { Subscriptions } from "./graph/subscriptions.ts";
import { Deliveries } from "./notify/delivery.ts";
import { Notifier } from "./notify/notifier.ts";
import type { Settings } from "./settings.ts";
import { type CallSettings, Calls } from "./teams/calls.ts";

const CALL_DEFAULTS: Readonly<CallSettings> = { inactiveAfterMs: 5_000, callEndedWhenEmpty: true };

export class World {
  readonly settings: Settings;
  readonly entra: Entra;
  readonly meetings: Meetings;
  readonly subscriptions: Subscriptions;
  readonly deliveries: Deliveries;
  readonly notifier: Notifier;
  readonly reports: Reports;
  readonly calls: Calls;
  /** Tells the overview that something changed. */
  readonly overview = new Channel();
  #rosters = new Map<Meeting, Channel>();

  constructor(settings: Settings) {
    this.settings = settings;
    this.entra = new Entra(settings);
    this.meetings = new Meetings(settings.origin);
    this.subscriptions = new Subscriptions(this.meetings);
    this.deliveries = new Deliveries(
      (subscription) => this.subscriptions.all.includes(subscription),
      () => this.overview.send("changed", {}),
    );
    this.notifier = new Notifier(this.subscriptions, this.deliveries);
    this.reports = new Reports((meeting, id, change) => this.notifier.callRecord(meeting, id, change));
    this.calls = new Calls(
      { ...CALL_DEFAULTS },
      {
        happened: (meeting, call, events) => {
          this.notifier.callEvents(meeting, call, events);
          this.changed(meeting);
        },
        ended: (meeting, call) => this.reports.scheduled(meeting, call),
      },
    );
  }

  get graph(): GraphState {
    const { entra, meetings, subscriptions, reports, deliveries } = this;
    return {
      origin: this.settings.origin,
      tenants: entra.tenants,
      meetings,
      subscriptions,
      reports,
      renewed: (subscription) => deliveries.resume(subscription),
    };
  }

  roster(meeting: Meeting): Channel {
    const channel = this.#rosters.get(meeting) ?? new Channel();
    this.#rosters.set(meeting, channel);
    return channel;
  }

  changed(meeting: Meeting): void {
    this.roster(meeting).send("roster", {});
    this.overview.send("changed", {});
  }

  /** Back to the start; the keys stay, so that whoever has them in a cache is not disturbed. */
  reset(): void {
    this.calls.clear();
    this.calls.settings = { ...CALL_DEFAULTS };
    this.reports.clear();
    this.deliveries.clear();
    this.subscriptions.clear();
    this.meetings.clear();
    this.entra.clear();
    for (const channel of this.#rosters.values()) {
      channel.send("roster", {});
    }
    this.#rosters.clear();
    this.overview.send("changed", {});
  }
}

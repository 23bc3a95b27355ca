// The device test on a page: rows for camera, microphone, speaker and connection, each with its own way out.
import type { Doors } from "./api.ts";
import { advice, type Place, placeOf } from "./browser.ts";
import { testConnection } from "./connection.ts";
import { made, part, pressed, put } from "./dom.ts";
import { Ear } from "./level.ts";
import {
  type Capture,
  type Captured,
  captureBoth,
  captureOne,
  permission,
  release,
  showsPicture,
} from "./media.ts";
import type { Memory } from "./memory.ts";
import {
  complete,
  DEVICES,
  type Device,
  FINE,
  type Finding,
  NAMES,
  type Results,
  wordFor,
} from "./results.ts";
import { chime, levels } from "./sound.ts";
import { say, type Word } from "./words.ts";

const SILENCE_MS = 7000;
const TOGETHER_MS = 400;
const RESEND_MS = 5000;
const NO_CAUSE = { cause: "none" } as const;

export class DeviceCheck {
  active = false;
  private readonly place: Place = placeOf(navigator.userAgent, navigator.maxTouchPoints);
  private readonly streams = new Map<Capture, MediaStream>();
  private results: Results;
  private stopLevels = () => {};
  private resend: number | undefined;

  /** `changed` is called when the test begins or ends, `reported` when the connector has (or has not) the results. */
  constructor(
    private readonly doors: Doors | null,
    private readonly memory: Memory,
    private readonly changed: () => void,
    private readonly reported: (well: boolean) => void = () => {},
  ) {
    this.results = complete(memory.read<Results>("devices") ?? {});
    pressed("devices-start", () => this.start());
    pressed("devices-done", () => this.finish());
    pressed("camera-again", () => this.again("camera"));
    pressed("microphone-again", () => this.again("microphone"));
    pressed("connection-again", () => {
      focus("connection-name");
      return this.connection();
    });
    pressed("speaker-play", () => this.play());
    pressed("speaker-yes", () => this.heard(FINE));
    pressed("speaker-no", () => this.heard({ result: "failed", ...NO_CAUSE }));
    if (memory.read("devices")) this.showResult();
    void this.watchPermissions();
  }

  /** Gives all devices back. */
  stop(): void {
    this.stopLevels();
    for (const which of ["camera", "microphone"] as const) this.close(which);
  }

  private async start(): Promise<void> {
    this.active = true;
    part("devices").dataset.stage = "testing";
    focus("devices-title");
    this.changed();
    for (const device of ["camera", "microphone"] as const) this.state(device, "check_asking");
    void this.connection();
    const found = await captureBoth();
    await Promise.all([this.camera(found.camera), this.microphone(found.microphone)]);
  }

  private finish(): void {
    this.active = false;
    this.stop();
    this.memory.write("devices", this.results);
    this.report();
    this.showResult();
    focus("devices-title");
    this.changed();
  }

  private async again(which: Capture): Promise<void> {
    focus(`${which}-name`);
    this.state(which, "check_asking");
    this.close(which);
    const found = await captureOne(which);
    await (which === "camera" ? this.camera(found) : this.microphone(found));
  }

  private async camera({ finding, stream }: Captured): Promise<void> {
    const video = part<HTMLVideoElement>("camera-picture");
    if (!this.keep("camera", stream) || !stream) return this.settle("camera", finding);
    video.hidden = false;
    const shows = await showsPicture(video, stream);
    if (this.streams.get("camera") === stream) {
      this.settle("camera", shows ? finding : { result: "failed", cause: "busy" });
    }
  }

  private async microphone({ finding, stream }: Captured): Promise<void> {
    this.stopLevels();
    if (!this.keep("microphone", stream) || !stream) return this.settle("microphone", finding);
    this.state("microphone", "check_listening");
    part("microphone-level").hidden = false;
    const meter = part<HTMLMeterElement>("microphone-meter");
    const ear = new Ear();
    let passed = 0;
    const stop = await levels(stream, (level, shown, milliseconds) => {
      meter.value = shown;
      const before = ear.heard;
      if (ear.listen(level, milliseconds) && !before) this.settle("microphone", FINE);
      passed += milliseconds;
      if (!ear.heard && passed === SILENCE_MS) this.settle("microphone", { result: "failed", ...NO_CAUSE });
    });
    // The test may have been ended while the sound system was starting.
    if (this.active) this.stopLevels = stop;
    else stop();
  }

  private async play(): Promise<void> {
    const button = part<HTMLButtonElement>("speaker-play");
    button.disabled = true;
    this.state("speaker", "check_testing");
    await chime();
    button.disabled = false;
    part("speaker-question").hidden = false;
    focus("speaker-yes");
  }

  private heard(finding: Finding): void {
    this.settle("speaker", finding);
    part("speaker-question").hidden = true;
    focus("speaker-play");
  }

  private async connection(): Promise<void> {
    this.state("connection", "check_testing");
    this.settle("connection", { result: await testConnection(), ...NO_CAUSE });
  }

  /** False if the test was ended while the browser was still asking. */
  private keep(which: Capture, stream: MediaStream | null): boolean {
    if (!this.active) release(stream);
    else if (stream) this.streams.set(which, stream);
    return this.active;
  }

  private close(which: Capture): void {
    release(this.streams.get(which));
    this.streams.delete(which);
    if (which === "camera") part("camera-picture").hidden = true;
    else part("microphone-level").hidden = true;
  }

  private settle(device: Device, { result, cause }: Finding): void {
    this.results = { ...this.results, [device]: result };
    const word = wordFor(device, result);
    this.state(device, word, result);
    put(part("devices-said"), `${say(NAMES[device])}: ${say(word)}`);
    const steps = advice(device, result, cause, this.place);
    this.advise(device, steps);
    this.memory.write("devices", this.results);
    this.report();
  }

  private state(device: Device, word: Word, result = ""): void {
    const state = part(`${device}-state`);
    put(state, say(word));
    state.dataset.result = result;
    if (!result) this.advise(device, []);
  }

  private advise(device: Device, steps: readonly Word[]): void {
    part(`${device}-advice`).hidden = steps.length === 0;
    const values = { device: say(NAMES[device]), browser: this.place.browser || say("check_browser") };
    part(`${device}-steps`).replaceChildren(...steps.map((step) => made("li", "", say(step, values))));
  }

  private showResult(): void {
    part("devices").dataset.stage = "tested";
    const items = DEVICES.filter((one) => one !== "connection").map((device) => {
      const item = made("li");
      const state = made("span", "state", say(wordFor(device, this.results[device])));
      state.dataset.result = this.results[device];
      item.append(`${say(NAMES[device])} `, state);
      return item;
    });
    part("devices-result").replaceChildren(...items);
  }

  // Results that come together are told together, and told again for as long as nobody takes them.
  private report(inMs = TOGETHER_MS): void {
    const { doors } = this;
    if (!doors) return;
    window.clearTimeout(this.resend);
    this.resend = window.setTimeout(() => void this.send(doors), inMs);
  }

  private async send(doors: Doors): Promise<void> {
    const well = await doors.devices(this.results).then(
      () => true,
      () => false,
    );
    this.reported(well);
    if (!well) this.report(RESEND_MS);
  }

  // Whoever follows our instructions should not have to press anything afterwards.
  private async watchPermissions(): Promise<void> {
    for (const which of ["camera", "microphone"] as const) {
      const status = await permission(which);
      status?.addEventListener("change", () => {
        if (this.active && status.state === "granted" && this.results[which] === "blocked")
          void this.again(which);
      });
    }
  }
}

// What was pressed has gone from the page: keyboard and screen reader go on from here.
function focus(id: string): void {
  part(id).focus({ preventScroll: true });
}

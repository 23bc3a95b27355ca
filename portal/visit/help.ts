// "I can't get in": tells the arrival board, and shows the other ways to the clinic.
import type { Doors } from "./api.ts";
import { part, pressed, put } from "./dom.ts";
import { say } from "./words.ts";

export class Help {
  private readonly panel = part("help-panel");
  private readonly said = part("help-said");
  private asked = false;

  constructor(private readonly doors: Doors) {
    pressed("help-ask", () => this.ask());
  }

  /** What the connector knows: after a refresh the panel is there again. */
  show(asked: boolean, dialIn: string): void {
    part("help-dial").hidden = !dialIn;
    const anchor = part<HTMLAnchorElement>("help-dial-in");
    put(anchor, dialIn);
    anchor.href = `tel:${encodeURIComponent(dialIn.replace(/[^\d+,;*#]/g, ""))}`;
    if (asked && !this.asked) {
      this.asked = true;
      this.open();
      put(this.said, say("help_told"));
    }
  }

  private async ask(): Promise<void> {
    this.open();
    try {
      await this.doors.help();
      this.asked = true;
      put(this.said, say("help_told"));
    } catch {
      put(this.said, say("help_not_told"));
    }
  }

  private open(): void {
    this.panel.hidden = false;
    part("help-ask").setAttribute("aria-expanded", "true");
  }
}

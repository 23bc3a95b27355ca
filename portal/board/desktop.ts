// Whether this page seems to run inside a virtual desktop: guesses from what a web page can see, and no more.

export interface Surroundings {
  readonly userAgent: string;
  /** The name of the graphics unit, as WebGL tells it; empty if it does not. */
  readonly graphics: string;
  /** Names of cameras, microphones and speakers; browsers give them only after a permission. */
  readonly devices: readonly string[];
}

export interface Guess {
  readonly certainty: "likely" | "possible" | "none";
  /** What the guess rests on, in the browser's own words, for whoever looks after the machine. */
  readonly signs: readonly string[];
}

// Names that only the device redirection of a virtual desktop gives.
const REDIRECTED =
  /citrix|\bhdx\b|remote audio|vmware virtual|vmware (?:webcam|audio)|horizon|teradici|\bpcoip\b/i;
// Graphics that virtual machines have; a developer's own virtual machine has them, too.
const VIRTUAL = /vmware|svga3d|virtualbox|parallels|virtio|virgl|hyper-v|\bqxl\b|red hat|citrix|nvidia grid/i;
const VIRTUAL_CARD = /\b(?:grid|nvidia (?:a\d+|l\d+|t4|m10)-\d+[abqc])\b/i;
// No graphics unit at all: common in virtual desktops, but also with a broken driver.
const SOFTWARE = /basic render|llvmpipe|swiftshader|softpipe|software rasterizer/i;
const AGENT = /citrix|horizon client|amazon workspaces/i;

/** Judges; "none" means only that nothing was seen. */
export function guess({ userAgent, graphics, devices }: Surroundings): Guess {
  const sure = [...devices.filter((one) => REDIRECTED.test(one)), ...named(AGENT, userAgent)];
  const virtual = VIRTUAL.test(graphics) || VIRTUAL_CARD.test(graphics);
  const software = SOFTWARE.test(graphics);
  const signs = [...sure, ...(virtual || software ? [graphics] : [])];
  if (sure.length > 0 || virtual) return { certainty: "likely", signs };
  return { certainty: software ? "possible" : "none", signs };
}

function named(pattern: RegExp, text: string): string[] {
  const found = pattern.exec(text);
  return found ? [found[0]] : [];
}

/** Looks around; nothing of it leaves the page. */
export async function surroundings(): Promise<Surroundings> {
  const listed = await navigator.mediaDevices?.enumerateDevices?.().catch(() => []);
  const devices = (listed ?? []).map(({ label }) => label).filter(Boolean);
  return { userAgent: navigator.userAgent, graphics: graphics(), devices };
}

function graphics(): string {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("webgl");
  if (!context) return "";
  const info = context.getExtension("WEBGL_debug_renderer_info");
  const name = context.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : context.RENDERER);
  context.getExtension("WEBGL_lose_context")?.loseContext();
  return typeof name === "string" ? name : "";
}

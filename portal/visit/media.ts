// Opens camera and microphone: together if possible, so that there is one question and not two.
import { FINE, type Finding, findingOf } from "./results.ts";

export type Capture = "camera" | "microphone";

export interface Captured {
  readonly finding: Finding;
  readonly stream: MediaStream | null;
}

const KINDS = { camera: "videoinput", microphone: "audioinput" } as const;
const PICTURE_PATIENCE_MS = 5000;

/** Both at once. One that is missing or blocked does not hinder the other. */
export async function captureBoth(): Promise<Record<Capture, Captured>> {
  const missing = await missingOnes();
  if (missing.length === 0) {
    try {
      return split(await navigator.mediaDevices.getUserMedia({ video: true, audio: true }));
    } catch (error) {
      const finding = findingOf(error);
      if (finding.result === "blocked") return afterRefusal(finding);
    }
  }
  return { camera: await captureOne("camera"), microphone: await captureOne("microphone") };
}

/** One alone. */
export async function captureOne(which: Capture): Promise<Captured> {
  const missing = await missingOnes();
  if (missing.includes(which)) return { finding: { result: "missing", cause: "none" }, stream: null };
  try {
    const wanted = which === "camera" ? { video: true } : { audio: true };
    return { finding: FINE, stream: await navigator.mediaDevices.getUserMedia(wanted) };
  } catch (error) {
    return { finding: findingOf(error), stream: null };
  }
}

/** What the browser has been told about a device, where it says so. */
export async function permission(which: Capture): Promise<PermissionStatus | undefined> {
  // Not every browser knows these two names.
  return navigator.permissions?.query({ name: which as PermissionName }).catch(() => undefined);
}

/** Whether a picture really comes. */
export async function showsPicture(video: HTMLVideoElement, stream: MediaStream): Promise<boolean> {
  video.srcObject = stream;
  const picture = new Promise<boolean>((known) => {
    video.addEventListener("loadeddata", () => known(true), { once: true });
    window.setTimeout(() => known(false), PICTURE_PATIENCE_MS);
  });
  await video.play().catch(() => undefined);
  return picture;
}

/** Gives a device back, so that Teams can have it. */
export function release(stream: MediaStream | null | undefined): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

async function missingOnes(): Promise<Capture[]> {
  const known = await navigator.mediaDevices?.enumerateDevices?.().catch(() => []);
  // Before permission is given some browsers list nothing at all, which says nothing.
  if (!known || known.length === 0) return [];
  return (["camera", "microphone"] as const).filter((one) => !known.some(({ kind }) => kind === KINDS[one]));
}

// One may be blocked for good while the other was never asked for: then ask for that one alone.
async function afterRefusal(finding: Finding): Promise<Record<Capture, Captured>> {
  const [camera, microphone] = await Promise.all([permission("camera"), permission("microphone")]);
  const refused: Captured = { finding, stream: null };
  const found = { camera: refused, microphone: refused };
  if (camera?.state === "denied" && microphone?.state !== "denied") {
    found.microphone = await captureOne("microphone");
  } else if (microphone?.state === "denied" && camera?.state !== "denied") {
    found.camera = await captureOne("camera");
  }
  return found;
}

function split(stream: MediaStream): Record<Capture, Captured> {
  return {
    camera: { finding: FINE, stream: new MediaStream(stream.getVideoTracks()) },
    microphone: { finding: FINE, stream: new MediaStream(stream.getAudioTracks()) },
  };
}

// Sound out (the chime of the speaker test and of the board) and in (the level of the microphone).
import { eased, levelOf } from "./level.ts";

const EVERY_MS = 50;
const NOTES = [523.25, 659.25, 783.99];
const NOTE_SECONDS = 0.35;

let context: AudioContext | undefined;

/** The one audio context; browsers let it sound only after the person has pressed something. */
export async function audio(): Promise<AudioContext> {
  context ??= new AudioContext();
  if (context.state === "suspended") await context.resume().catch(() => undefined);
  return context;
}

/** Plays three rising notes; done when they have sounded. */
export async function chime(): Promise<void> {
  const where = await audio();
  NOTES.forEach((frequency, index) => {
    const start = where.currentTime + index * NOTE_SECONDS;
    const tone = new OscillatorNode(where, { frequency });
    const volume = new GainNode(where, { gain: 0 });
    volume.gain.linearRampToValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(0.3, start + 0.03);
    volume.gain.linearRampToValueAtTime(0, start + NOTE_SECONDS);
    tone.connect(volume).connect(where.destination);
    tone.start(start);
    tone.stop(start + NOTE_SECONDS);
  });
  await new Promise((done) => window.setTimeout(done, NOTES.length * NOTE_SECONDS * 1000));
}

/** Reports level and eased level until the returned function is called. */
export async function levels(
  stream: MediaStream,
  report: (level: number, shown: number, milliseconds: number) => void,
): Promise<() => void> {
  const where = await audio();
  const source = where.createMediaStreamSource(stream);
  const analyser = new AnalyserNode(where, { fftSize: 1024 });
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let shown = 0;
  const timer = window.setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const level = levelOf(samples);
    shown = eased(shown, level, EVERY_MS);
    report(level, shown, EVERY_MS);
  }, EVERY_MS);
  return () => {
    window.clearInterval(timer);
    source.disconnect();
  };
}

// The arithmetic of the level meter: how loud a piece of sound is, and when a voice has been heard.

const QUIETEST_DB = -60;
const VOICE = 0.3;
const ENOUGH_MS = 400;

/** Loudness of samples between -1 and 1, as 0 (silence, -60 dB or less) to 1 (full). */
export function levelOf(samples: ArrayLike<number>): number {
  if (samples.length === 0) return 0;
  let squares = 0;
  for (let index = 0; index < samples.length; index++) squares += (samples[index] ?? 0) ** 2;
  const rms = Math.sqrt(squares / samples.length);
  if (rms === 0) return 0;
  const decibels = 20 * Math.log10(rms);
  return Math.min(1, Math.max(0, (decibels - QUIETEST_DB) / -QUIETEST_DB));
}

/** The bar rises at once and falls slowly, so that an eye can follow. */
export function eased(shown: number, level: number, milliseconds: number): number {
  return level >= shown ? level : Math.max(level, shown - milliseconds / 800);
}

/** Hears a voice once it was loud enough for long enough, pauses between words allowed. */
export class Ear {
  private loudMs = 0;

  get heard(): boolean {
    return this.loudMs >= ENOUGH_MS;
  }

  listen(level: number, milliseconds: number): boolean {
    if (level >= VOICE) this.loudMs += Math.min(milliseconds, 100);
    return this.heard;
  }
}

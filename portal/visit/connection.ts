// The connection test: a few small requests to our own server; asking anybody else would tell them of the visit.
import type { Result } from "./results.ts";

const ROUNDS = 6;
const SLOW_MS = 500;
const PATIENCE_MS = 4000;

/** The verdict over round trips in milliseconds; null is one that got no answer. */
export function verdict(trips: readonly (number | null)[]): Result {
  const answered = trips.filter((one): one is number => one !== null).sort((a, b) => a - b);
  const lost = trips.length - answered.length;
  const middle = answered[Math.floor(answered.length / 2)];
  if (middle === undefined || lost > 1) return "failed";
  return middle <= SLOW_MS ? "fine" : "failed";
}

/** Measures and judges. */
export async function testConnection(): Promise<Result> {
  const trips: (number | null)[] = [];
  for (let round = 0; round < ROUNDS; round++) trips.push(await trip(round));
  // The first one pays for setting up the connection.
  return verdict(trips.slice(1));
}

async function trip(round: number): Promise<number | null> {
  const began = performance.now();
  try {
    const answer = await fetch(`/api/assets/icon.svg?trip=${round}`, {
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    await answer.arrayBuffer();
    return answer.ok ? performance.now() - began : null;
  } catch {
    return null;
  }
}

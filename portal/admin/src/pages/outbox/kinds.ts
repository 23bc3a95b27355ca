/** Given-up writebacks by kind: the same connection and the same answer of the EHR. */
import type { Schemas } from "../../api/client.ts";

type Writeback = Pick<Schemas["WritebackOut"], "connection" | "reason" | "status">;

export interface Kind {
  readonly connection: string;
  readonly reason: string;
  readonly count: number;
}

export function kindsOf(writebacks: readonly Writeback[]): Kind[] {
  const found = new Map<string, Kind>();
  for (const { connection, reason, status } of writebacks) {
    if (status === "given up") {
      const key = `${connection}\n${reason}`;
      found.set(key, { connection, reason, count: (found.get(key)?.count ?? 0) + 1 });
    }
  }
  return [...found.values()].sort((one, other) => other.count - one.count);
}

type Replayed = Schemas["ReplayOut"];

/** Sends a whole kind again, as many at once as the API takes; `send` sends those that come after a writeback. */
export async function replayAll(send: (after: string) => Promise<Replayed>): Promise<Replayed> {
  const sum = { replayed: 0, refused: 0, next: "" };
  do {
    const answer = await send(sum.next);
    sum.replayed += answer.replayed;
    sum.refused += answer.refused;
    sum.next = answer.next;
  } while (sum.next);
  return sum;
}

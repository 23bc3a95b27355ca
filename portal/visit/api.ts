// The connector's doors for the holder of a visit ticket. The ticket is a cookie that scripts cannot read.
import type { Results } from "./results.ts";

export interface VisitView {
  readonly state: string;
  readonly opened: boolean;
  readonly over: boolean;
  readonly helpAsked: boolean;
  readonly dialIn: string | null;
}

export interface BoardPerson {
  readonly key: string;
  readonly role: string;
  readonly number: number;
  readonly state: string;
  readonly since: string | null;
  /** "fine", or what is not: "microphone blocked, speaker skipped"; empty if nothing was tested. */
  readonly devices: string;
  readonly helpAsked: boolean;
  readonly needsAttention: boolean;
}

export interface BoardView {
  readonly opened: boolean;
  readonly over: boolean;
  readonly joinUrl: string | null;
  readonly people: readonly BoardPerson[];
  readonly now: string;
}

/** How a request failed: `status` 0 means that there was no answer at all. */
export class RefusedError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(`${status} ${code}`);
  }
}

const PATIENCE_MS = 10_000;

/** The doors of one visit. */
export class Doors {
  constructor(private readonly visit: string) {}

  view(): Promise<VisitView> {
    return this.ask("GET", "") as Promise<VisitView>;
  }

  async join(): Promise<URL> {
    const { joinUrl } = (await this.ask("POST", "/join")) as { joinUrl: string };
    return webAddress(joinUrl);
  }

  devices(results: Results): Promise<unknown> {
    return this.ask("POST", "/devices", results);
  }

  help(): Promise<unknown> {
    return this.ask("POST", "/help");
  }

  board(): Promise<BoardView> {
    return this.ask("GET", "/board") as Promise<BoardView>;
  }

  handled(key: string): Promise<unknown> {
    return this.ask("POST", "/board/handled", { key });
  }

  private async ask(method: string, path: string, body?: object): Promise<unknown> {
    const request: RequestInit = {
      method,
      headers: { Accept: "application/json", "Accept-Language": document.documentElement.lang },
      signal: AbortSignal.timeout(PATIENCE_MS),
    };
    if (body) {
      request.body = JSON.stringify(body);
      request.headers = { ...request.headers, "Content-Type": "application/json" };
    }
    const url = `/api/visits/current${path}?visit=${encodeURIComponent(this.visit)}`;
    const answer = await fetch(url, request).catch(() => undefined);
    if (!answer) throw new RefusedError(0, "");
    const content = (await answer.json().catch(() => ({}))) as { code?: string };
    if (!answer.ok) throw new RefusedError(answer.status, content.code ?? "");
    return content;
  }
}

/** An address that a browser may be sent to: https, or http where a sandbox runs. */
export function webAddress(text: string): URL {
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") throw new RefusedError(0, "not_a_web_address");
  return url;
}

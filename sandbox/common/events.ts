/** Server-sent events for live pages (HTML Standard, 9.2): one Channel per thing that pages follow. */
import { PassThrough } from "node:stream";
import type { Context } from "koa";

const HEARTBEAT_MS = 15_000;

function encoded(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

export class Channel {
  readonly #listeners = new Set<PassThrough>();

  constructor() {
    // Proxies and browsers give up on a silent connection; unref: the beat alone keeps no process alive.
    setInterval(() => this.#write(":\n\n"), HEARTBEAT_MS).unref();
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** Answers a request with the stream; `first` is what the page needs to be right from the start. */
  open(ctx: Context, first?: { readonly event: string; readonly data: unknown }): void {
    const stream = new PassThrough();
    ctx.req.socket.setNoDelay(true);
    ctx.status = 200;
    ctx.set({ "Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store" });
    ctx.body = stream;
    stream.write("retry: 1000\n\n");
    if (first !== undefined) {
      stream.write(encoded(first.event, first.data));
    }
    this.#listeners.add(stream);
    const forget = (): void => {
      this.#listeners.delete(stream);
      stream.end();
    };
    ctx.res.once("close", forget);
    stream.once("error", forget);
  }

  send(event: string, data: unknown): void {
    this.#write(encoded(event, data));
  }

  #write(text: string): void {
    for (const listener of this.#listeners) {
      listener.write(text);
    }
  }
}

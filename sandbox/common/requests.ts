/** The log of requests that a stand-in served: what tests count. Query values and bodies are not kept. */
import type Router from "@koa/router";
import type { Middleware } from "koa";

export interface ServedRequest {
  readonly at: string;
  readonly method: string;
  readonly path: string;
  /** Names of the query's parameters, in order, without their values. */
  readonly query: readonly string[];
  /** 0 where the connection was destroyed instead of answered. */
  readonly status: number;
  readonly ms: number;
}

const KEPT = 10_000;

export class Requests {
  #served: ServedRequest[] = [];

  clear(): void {
    this.#served = [];
  }

  matching(path: RegExp): ServedRequest[] {
    return this.#served.filter((request) => path.test(request.path));
  }

  /** Before everything else, so that it sees what was really answered. */
  readonly middleware: Middleware = async (ctx, next) => {
    const { method, path } = ctx;
    if (path.startsWith("/control/")) {
      await next();
      return;
    }
    const query = [...new URLSearchParams(ctx.querystring).keys()];
    const began = Date.now();
    let status = 500;
    try {
      await next();
      status = ctx.req.socket.destroyed ? 0 : ctx.status;
    } catch (error) {
      status = (error as { status?: number }).status ?? 500;
      throw error;
    } finally {
      this.#served.push({
        at: new Date(began).toISOString(),
        method,
        path,
        query,
        status,
        ms: Date.now() - began,
      });
      if (this.#served.length > KEPT) {
        this.#served.shift();
      }
    }
  };
}

export function requestRoutes(router: Router, requests: Requests): void {
  router.get("/control/requests", (ctx) => {
    const wanted = ctx.query.path;
    let pattern: RegExp | undefined;
    try {
      pattern = new RegExp(typeof wanted === "string" ? wanted : "");
    } catch {
      ctx.throw(400, '"path" is not a regular expression');
    }
    const found = requests.matching(pattern as RegExp);
    ctx.body = { count: found.length, requests: found };
  });
  router.delete("/control/requests", (ctx) => {
    requests.clear();
    ctx.status = 204;
  });
}

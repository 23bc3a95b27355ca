/** What every stand-in has in common: one Koa application with request log, faults, control routes and reset. */
import Router from "@koa/router";
import Koa from "koa";
import { Faults, faultRoutes } from "./faults.ts";
import { Requests, requestRoutes } from "./requests.ts";

export interface StandIn {
  readonly app: Koa;
  /** Control routes: never faulted, never logged. The stand-in adds its own. */
  readonly control: Router;
  readonly faults: Faults;
  readonly requests: Requests;
}

/** Errors with a status below 500 are answered as JSON with their sentence; the rest is shown on stderr. */
async function answerErrors(ctx: Koa.Context, next: Koa.Next): Promise<void> {
  try {
    await next();
  } catch (error) {
    const { status = 500, message } = error as { status?: number; message?: string };
    ctx.status = status;
    ctx.body = { error: status < 500 ? message : "the stand-in itself failed; see its error output" };
    if (status >= 500) {
      process.stderr.write(`${(error as Error).stack ?? String(error)}\n`);
    }
  }
}

const GONE = new Set(["ERR_STREAM_PREMATURE_CLOSE", "ECONNRESET", "EPIPE"]);

/** A browser that closes a live page is no error. */
function showError(error: NodeJS.ErrnoException): void {
  if (!GONE.has(error.code ?? "")) {
    process.stderr.write(`${error.stack ?? String(error)}\n`);
  }
}

/** `reset` puts the stand-in's own state back; faults and the request log are cleared with it. */
export function makeStandIn(reset: () => void | Promise<void>): StandIn {
  const app = new Koa();
  const control = new Router();
  const faults = new Faults();
  const requests = new Requests();
  faultRoutes(control, faults);
  requestRoutes(control, requests);
  control.post("/control/reset", async (ctx) => {
    faults.clear();
    requests.clear();
    await reset();
    ctx.status = 204;
  });
  app.on("error", showError);
  app.use(requests.middleware);
  app.use(answerErrors);
  app.use(control.routes());
  app.use(faults.middleware);
  return { app, control, faults, requests };
}

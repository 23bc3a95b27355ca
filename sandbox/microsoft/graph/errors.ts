/** Errors as Graph words them: `{"error":{code,message,innerError}}`, with the ids that its support asks for. */
import { randomUUID } from "node:crypto";
import type { Context, Next } from "koa";

export class GraphError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const badRequest = (message: string): GraphError => new GraphError(400, "BadRequest", message);
export const notFound = (message: string): GraphError => new GraphError(404, "NotFound", message);

/** Gives each answer its ids, and each refusal its shape. */
export async function graphAnswers(ctx: Context, next: Next): Promise<void> {
  const requestId = randomUUID();
  const clientRequestId = ctx.get("client-request-id") || requestId;
  ctx.set({ "request-id": requestId, "client-request-id": clientRequestId, "Cache-Control": "no-store" });
  try {
    await next();
  } catch (error) {
    const status = (error as { status?: number }).status ?? 500;
    if (!(error instanceof GraphError) && status >= 500) {
      throw error;
    }
    const code = error instanceof GraphError ? error.code : "BadRequest";
    const date = new Date().toISOString().slice(0, 19);
    ctx.status = status;
    if (status === 401) {
      ctx.set(
        "WWW-Authenticate",
        'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common"',
      );
    }
    const innerError = { date, "request-id": requestId, "client-request-id": clientRequestId };
    ctx.body = { error: { code, message: (error as Error).message, innerError } };
  }
}

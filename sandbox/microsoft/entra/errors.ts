/** Errors of the token endpoint in Entra's shape: AADSTS number, trace and correlation ids (RFC 6749, 5.2). */
import { randomUUID } from "node:crypto";
import type { Context } from "koa";

export class EntraError extends Error {
  readonly error: string;
  readonly number: number;
  readonly status: number;

  constructor(error: string, number: number, message: string, status = 400) {
    super(message);
    this.error = error;
    this.number = number;
    this.status = status;
  }
}

/** Numbers for what oidc-provider refuses by itself. */
const NUMBERS: Readonly<Record<string, number>> = {
  invalid_grant: 70008,
  invalid_client: 7000218,
  invalid_scope: 70011,
  invalid_request: 900144,
  unauthorized_client: 700016,
  unsupported_grant_type: 70003,
};

export function entraErrorBody(error: string, number: number, message: string): Record<string, unknown> {
  const trace = randomUUID();
  const correlation = randomUUID();
  const timestamp = `${new Date().toISOString().slice(0, 19).replace("T", " ")}Z`;
  return {
    error,
    error_description: `AADSTS${number}: ${message} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`,
    error_codes: [number],
    timestamp,
    trace_id: trace,
    correlation_id: correlation,
  };
}

export function answerEntraError(ctx: Context, problem: EntraError): void {
  ctx.status = problem.status;
  ctx.set("Cache-Control", "no-store");
  ctx.body = entraErrorBody(problem.error, problem.number, problem.message);
}

/** Gives an answer of oidc-provider the looks of one of Entra's. */
export function dressTokenAnswer(ctx: Context): void {
  const body = ctx.body as Record<string, unknown> | undefined;
  if (body === undefined || body === null || typeof body !== "object") {
    return;
  }
  if (typeof body.error === "string") {
    const detail = String(body.error_detail ?? body.error_description ?? "The request was refused.");
    ctx.body = entraErrorBody(body.error, NUMBERS[body.error] ?? 90014, detail);
  } else if (typeof body.access_token === "string") {
    const scope = [body.scope, ...(body.id_token === undefined ? [] : ["openid", "profile"])];
    ctx.body = { ...body, scope: scope.filter(Boolean).join(" "), ext_expires_in: body.expires_in };
  }
}

/** A failure as the connector tells it (RFC 9457), and what a page knows when it could not even ask. */

export class ApiProblem extends Error {
  override readonly name = "ApiProblem";
  constructor(
    readonly code: string,
    readonly title: string,
    readonly detail: string,
    readonly nextStep: string,
    readonly status: number,
    readonly reference: string,
  ) {
    super(code);
  }
}

/** The API did not answer at all: the network, a firewall, or the service is down. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export function asProblem(body: unknown, status: number): Error {
  if (typeof body !== "object" || body === null || !("code" in body)) {
    return new NoAnswer(String(status));
  }
  const { code, title, detail, nextStep, instance } = body as Record<string, unknown>;
  return new ApiProblem(text(code), text(title), text(detail), text(nextStep), status, text(instance));
}

/** Whether asking again could help: not where the API has said no. */
export function isWorthRetrying(count: number, error: Error): boolean {
  return count < 2 && !(error instanceof ApiProblem && error.status < 500 && error.status !== 424);
}

/** Reads request bodies (JSON, forms) with a size limit; what is wrong with them is a 400 with a sentence. */
import type { Context } from "koa";

const LIMIT = 1_000_000;

export async function readText(ctx: Context, limit = LIMIT): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of ctx.req) {
    size += (chunk as Buffer).length;
    if (size > limit) {
      ctx.throw(413, `the body is longer than ${limit} bytes`);
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** The body as JSON; an empty body is an empty object. */
export async function readJson(ctx: Context): Promise<unknown> {
  const text = await readText(ctx);
  try {
    return text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    return ctx.throw(400, "the body is not JSON");
  }
}

/** The body as a JSON object; an empty body is an empty object. */
export async function readObject(ctx: Context): Promise<Record<string, unknown>> {
  const value = await readJson(ctx);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    ctx.throw(400, "the body is not a JSON object");
  }
  return value as Record<string, unknown>;
}

/** The body as a form (application/x-www-form-urlencoded). */
export async function readForm(ctx: Context): Promise<URLSearchParams> {
  return new URLSearchParams(await readText(ctx));
}

/** A member that must be text; the caller is told which one is missing. */
export function textMember(ctx: Context, object: Record<string, unknown>, name: string): string {
  const value = object[name];
  if (typeof value !== "string" || value === "") {
    ctx.throw(400, `"${name}" must be a text and must not be empty`);
  }
  return value as string;
}

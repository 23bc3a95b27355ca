/** Small checks for request bodies: each answers with what is wrong, or with nothing. */
import { badRequest } from "./errors.ts";

export type Check = (value: unknown, path: string) => string | undefined;

export const text =
  (max = 8_192): Check =>
  (value, path) =>
    typeof value !== "string"
      ? `'${path}' must be a string.`
      : value.length > max
        ? `'${path}' is longer than ${max} characters.`
        : undefined;

export const bool: Check = (value, path) =>
  typeof value === "boolean" ? undefined : `'${path}' must be a boolean.`;

const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;

export const dateTime: Check = (value, path) =>
  typeof value === "string" && DATE_TIME.test(value) && !Number.isNaN(Date.parse(value))
    ? undefined
    : `'${path}' must be a date and time with its offset.`;

export const oneOf =
  (...members: readonly string[]): Check =>
  (value, path) =>
    typeof value === "string" && members.includes(value)
      ? undefined
      : `Invalid value specified for property '${path}'.`;

export const nullable =
  (check: Check): Check =>
  (value, path) =>
    value === null ? undefined : check(value, path);

export const listOf =
  (check: Check): Check =>
  (value, path) => {
    if (!Array.isArray(value)) {
      return `'${path}' must be a collection.`;
    }
    return first(value.map((item, index) => check(item, `${path}[${index}]`)));
  };

export const matching =
  (test: (value: string) => boolean, sentence: string): Check =>
  (value, path) =>
    typeof value === "string" && test(value) ? undefined : `'${path}' ${sentence}`;

export interface Shape {
  readonly members: Readonly<Record<string, Check>>;
  readonly required?: readonly string[];
  /** Open types take members that they do not know. */
  readonly open?: boolean;
}

export const object =
  ({ members, required = [], open = false }: Shape): Check =>
  (value, path) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return `'${path || "body"}' must be an object.`;
    }
    const missing = required.find((name) => !(name in value));
    if (missing !== undefined) {
      return `The required property '${missing}' is missing.`;
    }
    const problems = Object.entries(value).map(([name, content]) => {
      const check = members[name];
      if (check !== undefined) {
        return check(content, path === "" ? name : `${path}.${name}`);
      }
      return open || name.startsWith("@odata.")
        ? undefined
        : `The property '${name}' does not exist on this type.`;
    });
    return first(problems);
  };

function first(problems: readonly (string | undefined)[]): string | undefined {
  return problems.find((problem) => problem !== undefined);
}

/** The body as an object that passed the check; else a 400 with the sentence. */
export function checked(bodyText: string, check: Check): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(bodyText);
  } catch {
    throw badRequest(
      "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.",
    );
  }
  const problem = check(value, "");
  if (problem !== undefined) {
    throw badRequest(problem);
  }
  return value as Record<string, unknown>;
}

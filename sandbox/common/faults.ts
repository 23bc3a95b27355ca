/** Misbehaviour to order: rules that make the next matching requests slow, refused, lost, or answered in vain. */
import { setTimeout as sleep } from "node:timers/promises";
import type Router from "@koa/router";
import type { Context, Middleware } from "koa";
import { readObject } from "./body.ts";
import { seeded } from "./random.ts";

export interface FaultRule {
  readonly name: string;
  readonly method?: string;
  /** Regular expression, searched in path and query. */
  readonly path: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly delayMs?: number;
  /** Destroy the connection instead of answering. */
  readonly drop?: boolean;
  /** Do what was asked first; then the fault takes the place of the answer. */
  readonly after?: boolean;
  readonly times?: number;
  readonly probability?: number;
}

interface ActiveRule {
  readonly rule: FaultRule;
  readonly pattern: RegExp;
  readonly draw: () => number;
  /** Requests that matched, and how many of them were really faulted. */
  matched: number;
  hits: number;
}

const TYPES: Readonly<Record<keyof FaultRule, (value: unknown) => boolean>> = {
  name: (value) => typeof value === "string" && value !== "",
  method: (value) => typeof value === "string",
  path: (value) => typeof value === "string",
  status: (value) => Number.isInteger(value) && Number(value) >= 200 && Number(value) <= 599,
  headers: (value) => typeof value === "object" && value !== null,
  body: () => true,
  delayMs: (value) => typeof value === "number" && value >= 0,
  drop: (value) => typeof value === "boolean",
  after: (value) => typeof value === "boolean",
  times: (value) => Number.isInteger(value) && Number(value) >= 1,
  probability: (value) => typeof value === "number" && value >= 0 && value <= 1,
};

/** A rule as it came from outside, or a sentence that says what is wrong with it. */
function checkedRule(value: unknown): FaultRule | string {
  if (typeof value !== "object" || value === null) {
    return "a rule must be an object";
  }
  for (const [member, content] of Object.entries(value)) {
    const check = TYPES[member as keyof FaultRule];
    if (check === undefined) {
      return `a rule has no member "${member}"`;
    }
    if (!check(content)) {
      return `the rule's "${member}" is not usable`;
    }
  }
  const rule = value as Partial<FaultRule>;
  if (rule.name === undefined || rule.path === undefined) {
    return 'a rule needs "name" and "path"';
  }
  try {
    new RegExp(rule.path);
  } catch {
    return `the rule's "path" is not a regular expression`;
  }
  return rule as FaultRule;
}

export class Faults {
  #active: ActiveRule[] = [];

  /** Adds rules; each draws from its own sequence, so that rules do not disturb one another. */
  add(rules: readonly FaultRule[], seed = 1): void {
    rules.forEach((rule, index) => {
      const draw = seeded(seed * 1_000 + index);
      this.#active.push({ rule, pattern: new RegExp(rule.path), draw, matched: 0, hits: 0 });
    });
  }

  clear(): void {
    this.#active = [];
  }

  show(): object[] {
    return this.#active.map(({ rule, matched, hits }) => ({ ...rule, matched, hits }));
  }

  /** The first rule that strikes this request; every rule passed on the way has made its draw. */
  #strike(method: string, url: string): FaultRule | undefined {
    for (const active of this.#active) {
      const { rule } = active;
      const wanted = rule.method === undefined || rule.method.toUpperCase() === method;
      if (!wanted || !active.pattern.test(url) || active.hits >= (rule.times ?? Number.POSITIVE_INFINITY)) {
        continue;
      }
      active.matched += 1;
      if (active.draw() < (rule.probability ?? 1)) {
        active.hits += 1;
        return rule;
      }
    }
    return undefined;
  }

  /** First in the application, after the control routes: those are never faulted. */
  readonly middleware: Middleware = async (ctx, next) => {
    const rule = ctx.path.startsWith("/control/") ? undefined : this.#strike(ctx.method, ctx.originalUrl);
    if (rule === undefined) {
      await next();
      return;
    }
    const replaces = rule.drop === true || rule.status !== undefined || rule.body !== undefined;
    if (rule.delayMs !== undefined) {
      await sleep(rule.delayMs);
    }
    if (rule.after === true || !replaces) {
      await next();
    }
    if (rule.drop === true) {
      ctx.respond = false;
      ctx.req.socket.destroy();
    } else if (replaces) {
      answerInstead(ctx, rule);
    } else {
      ctx.set({ ...rule.headers });
    }
  };
}

function answerInstead(ctx: Context, rule: FaultRule): void {
  for (const header of ctx.res.getHeaderNames()) {
    ctx.remove(header);
  }
  ctx.respond = true;
  ctx.status = rule.status ?? 500;
  // An explicit null would turn the status into 204.
  ctx.body = rule.body ?? "";
  ctx.status = rule.status ?? 500;
  ctx.set({ ...rule.headers });
}

export function faultRoutes(router: Router, faults: Faults): void {
  router.get("/control/faults", (ctx) => {
    ctx.body = { rules: faults.show() };
  });
  router.delete("/control/faults", (ctx) => {
    faults.clear();
    ctx.status = 204;
  });
  router.post("/control/faults", async (ctx) => {
    const { rules, seed } = await readObject(ctx);
    if (!Array.isArray(rules) || !(seed === undefined || typeof seed === "number")) {
      ctx.throw(400, '"rules" must be a list and "seed" a number');
    }
    const checked = (rules as unknown[]).map(checkedRule);
    const wrong = checked.find((rule) => typeof rule === "string");
    if (wrong !== undefined) {
      ctx.throw(400, wrong);
    }
    faults.add(checked as FaultRule[], seed as number | undefined);
    ctx.body = { rules: faults.show() };
  });
}

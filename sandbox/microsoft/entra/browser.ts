/** Which accounts this browser is signed in with, over all tenants: a cookie with a keyed hash. */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Context } from "koa";
import type { EntraUser } from "../../common/cast.ts";
import type { EntraTenant, Tenants } from "./tenants.ts";

const COOKIE = "pretend_microsoft_accounts";

export interface SignedIn {
  readonly tenant: EntraTenant;
  readonly user: EntraUser;
}

export class BrowserAccounts {
  readonly #tenants: Tenants;
  #key = randomBytes(32);

  constructor(tenants: Tenants) {
    this.#tenants = tenants;
  }

  /** Signs every browser out. */
  clear(): void {
    this.#key = randomBytes(32);
  }

  of(ctx: Context): SignedIn[] {
    const [content, mac] = (ctx.cookies.get(COOKIE) ?? "").split(".");
    if (!content || !mac || !this.#matches(content, mac)) {
      return [];
    }
    const pairs = JSON.parse(Buffer.from(content, "base64url").toString()) as [string, string][];
    return pairs.flatMap(([tid, oid]) => {
      const tenant = this.#tenants.find(tid);
      const user = tenant?.user(oid);
      return tenant && user ? [{ tenant, user }] : [];
    });
  }

  /** One account per tenant, as the session of that tenant has it. */
  remember(ctx: Context, tenant: EntraTenant, oid: string): void {
    this.#write(ctx, [[tenant.id, oid], ...this.#others(ctx, tenant)]);
  }

  forget(ctx: Context, tenant: EntraTenant): void {
    this.#write(ctx, this.#others(ctx, tenant));
  }

  #others(ctx: Context, tenant: EntraTenant): [string, string][] {
    return this.of(ctx)
      .filter((account) => account.tenant !== tenant)
      .map((account) => [account.tenant.id, account.user.oid]);
  }

  #write(ctx: Context, pairs: readonly [string, string][]): void {
    const content = Buffer.from(JSON.stringify(pairs)).toString("base64url");
    ctx.cookies.set(COOKIE, `${content}.${this.#mac(content)}`, {
      httpOnly: true,
      sameSite: "lax",
      overwrite: true,
      signed: false,
    });
  }

  #mac(content: string): string {
    return createHmac("sha256", this.#key).update(content).digest("base64url");
  }

  #matches(content: string, mac: string): boolean {
    const expected = Buffer.from(this.#mac(content));
    const given = Buffer.from(mac);
    return expected.length === given.length && timingSafeEqual(expected, given);
  }
}

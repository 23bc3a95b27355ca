/** The tenants of the pretend Entra: their accounts, and the keys they sign with (RFC 7517, with Entra's `issuer`). */
import { generateKeyPair, type KeyObject, randomUUID } from "node:crypto";
import { promisify } from "node:util";
import { exportJWK, type JWK, type JWTPayload, jwtVerify, SignJWT } from "jose";
import { cast, type EntraUser } from "../../common/cast.ts";
import { GRAPH_ROLES } from "../settings.ts";

const generate = promisify(generateKeyPair);

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly publicJwk: JWK;
}

async function newKey(): Promise<SigningKey> {
  const { privateKey, publicKey } = await generate("rsa", { modulusLength: 2048 });
  const kid = randomUUID().replaceAll("-", "").slice(0, 27);
  const jwk = await exportJWK(publicKey);
  return { kid, privateKey, publicKey, publicJwk: { ...jwk, kid, use: "sig", alg: "RS256" } };
}

export class EntraTenant {
  readonly id: string;
  readonly name: string;
  readonly users: readonly EntraUser[];
  readonly issuer: string;
  /** The application permissions that an admin has consented to; undefined while the app is not in the tenant. */
  roles: readonly string[] | undefined = GRAPH_ROLES;
  /** The first one signs; the others are still published. */
  #keys: SigningKey[] = [];

  constructor(origin: string, id: string, name: string, users: readonly EntraUser[]) {
    this.id = id;
    this.name = name;
    this.users = users;
    this.issuer = `${origin}/entra/${id}/v2.0`;
  }

  /** An admin consents to all that the app's registration asks for. */
  consent(): void {
    this.roles = GRAPH_ROLES;
  }

  get key(): SigningKey {
    const [key] = this.#keys;
    if (key === undefined) {
      throw new Error(`tenant ${this.id} has no key yet`);
    }
    return key;
  }

  /** Signs with a new key from now on; `forget` withdraws the old ones at once instead of leaving them published. */
  async rotate(forget = false): Promise<SigningKey> {
    const key = await newKey();
    this.#keys = forget ? [key] : [key, ...this.#keys];
    return key;
  }

  publishedKeys(): JWK[] {
    return this.#keys.map(({ publicJwk }) => ({ ...publicJwk, issuer: this.issuer }));
  }

  user(oid: string): EntraUser | undefined {
    return this.users.find((user) => user.oid === oid);
  }

  userByName(userName: string): EntraUser | undefined {
    const wanted = userName.trim().toLowerCase();
    return this.users.find((user) => user.userName.toLowerCase() === wanted);
  }

  /** A signed token; with `broken` its signature is of a key that nobody knows. */
  async sign(claims: JWTPayload, broken = false): Promise<string> {
    const { kid, privateKey } = this.key;
    const signer = broken ? (await newKey()).privateKey : privateKey;
    return new SignJWT(claims).setProtectedHeader({ alg: "RS256", typ: "JWT", kid }).sign(signer);
  }

  async verify(token: string, options: { audience: string; subject?: string }): Promise<JWTPayload> {
    const { payload } = await jwtVerify(
      token,
      ({ kid }) => {
        const key = this.#keys.find((candidate) => candidate.kid === kid);
        if (key === undefined) {
          throw new Error("the key is unknown");
        }
        return key.publicKey;
      },
      { issuer: this.issuer, algorithms: ["RS256"], requiredClaims: ["exp"], ...options },
    );
    return payload;
  }
}

export class Tenants {
  readonly all: readonly EntraTenant[];
  /** Where the connector's application and its managed identity are at home; nobody signs in there. */
  readonly home: EntraTenant;

  constructor(origin: string) {
    const known = cast.tenants.map(({ id, name, users }) => new EntraTenant(origin, id, name, users));
    const homeId = cast.applications.homeTenantId;
    this.home =
      known.find(({ id }) => id === homeId) ??
      new EntraTenant(origin, homeId, "The connector's own tenant (pretend)", []);
    this.all = known.includes(this.home) ? known : [...known, this.home];
  }

  async start(): Promise<void> {
    await Promise.all(this.all.map((tenant) => tenant.rotate()));
  }

  /** By id, or by the domain of its user names. */
  find(idOrDomain: string): EntraTenant | undefined {
    const wanted = idOrDomain.toLowerCase();
    const byDomain = cast.tenants.find(({ domain }) => domain === wanted)?.id;
    return this.all.find(({ id }) => id === (byDomain ?? wanted));
  }

  /** The account of a user name, wherever it is at home. */
  account(userName: string): { tenant: EntraTenant; user: EntraUser } | undefined {
    for (const tenant of this.all) {
      const user = tenant.userByName(userName);
      if (user !== undefined) {
        return { tenant, user };
      }
    }
    return undefined;
  }
}

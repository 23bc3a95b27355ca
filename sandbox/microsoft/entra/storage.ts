/** Sessions, codes and tokens of one tenant, in memory (the adapter that oidc-provider asks for). */
import type { Adapter, AdapterPayload } from "oidc-provider";

interface Stored {
  payload: AdapterPayload;
  readonly expires: number;
}

export class TenantStorage {
  readonly #entries = new Map<string, Stored>();

  clear(): void {
    this.#entries.clear();
  }

  holds(model: string, id: string): boolean {
    return this.#find(`${model}:${id}`) !== undefined;
  }

  readonly adapter = (model: string): Adapter => ({
    upsert: async (id, payload, expiresIn) => {
      const expires = expiresIn ? Date.now() + expiresIn * 1000 : Number.POSITIVE_INFINITY;
      this.#entries.set(`${model}:${id}`, { payload, expires });
    },
    find: async (id) => this.#find(`${model}:${id}`),
    findByUid: async (uid) => this.#search(model, (payload) => payload.uid === uid),
    findByUserCode: async (userCode) => this.#search(model, (payload) => payload.userCode === userCode),
    consume: async (id) => {
      const payload = this.#find(`${model}:${id}`);
      if (payload !== undefined) {
        payload.consumed = Math.floor(Date.now() / 1000);
      }
    },
    destroy: async (id) => {
      this.#entries.delete(`${model}:${id}`);
    },
    revokeByGrantId: async (grantId) => {
      for (const [key, { payload }] of this.#entries) {
        if (payload.grantId === grantId) {
          this.#entries.delete(key);
        }
      }
    },
  });

  #find(key: string): AdapterPayload | undefined {
    const stored = this.#entries.get(key);
    if (stored !== undefined && stored.expires <= Date.now()) {
      this.#entries.delete(key);
      return undefined;
    }
    return stored?.payload;
  }

  #search(model: string, wanted: (payload: AdapterPayload) => boolean): AdapterPayload | undefined {
    for (const key of this.#entries.keys()) {
      const payload = key.startsWith(`${model}:`) ? this.#find(key) : undefined;
      if (payload !== undefined && wanted(payload)) {
        return payload;
      }
    }
    return undefined;
  }
}

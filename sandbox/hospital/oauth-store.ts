/** Where one authorisation server keeps what it issued: in memory, apart from the other environment's. */
import type { Adapter, AdapterPayload } from "oidc-provider";

interface Kept {
  readonly payload: AdapterPayload;
  readonly expires: number;
}

export class OAuthStore {
  readonly #kept = new Map<string, Kept>();

  clear(): void {
    this.#kept.clear();
  }

  /** The adapter of one kind of thing (codes, tokens, sessions …), as oidc-provider asks for it. */
  readonly adapter = (kind: string): Adapter => {
    const key = (id: string): string => `${kind}:${id}`;
    const find = (id: string): AdapterPayload | undefined => this.#alive(key(id));
    return {
      upsert: async (id, payload, expiresIn) => {
        const expires = expiresIn === undefined ? Number.POSITIVE_INFINITY : Date.now() + expiresIn * 1_000;
        this.#kept.set(key(id), { payload, expires });
      },
      find: async (id) => find(id),
      findByUid: async (uid) => this.#search(kind, (payload) => payload.uid === uid),
      findByUserCode: async () => undefined,
      consume: async (id) => {
        const payload = find(id);
        if (payload !== undefined) {
          payload.consumed = Math.floor(Date.now() / 1_000);
        }
      },
      destroy: async (id) => {
        this.#kept.delete(key(id));
      },
      revokeByGrantId: async (grantId) => {
        for (const [id, { payload }] of this.#kept) {
          if (payload.grantId === grantId) {
            this.#kept.delete(id);
          }
        }
      },
    };
  };

  #alive(id: string): AdapterPayload | undefined {
    const kept = this.#kept.get(id);
    if (kept !== undefined && kept.expires <= Date.now()) {
      this.#kept.delete(id);
      return undefined;
    }
    return kept?.payload;
  }

  #search(kind: string, wanted: (payload: AdapterPayload) => boolean): AdapterPayload | undefined {
    for (const id of this.#kept.keys()) {
      const payload = id.startsWith(`${kind}:`) ? this.#alive(id) : undefined;
      if (payload !== undefined && wanted(payload)) {
        return payload;
      }
    }
    return undefined;
  }
}

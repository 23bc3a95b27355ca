/** The connector's API, typed by its own OpenAPI document. Every failure becomes an exception. */
import createClient, { type Client, type Middleware } from "openapi-fetch";
import { asProblem, NoAnswer } from "./problem.ts";
import type { components, paths } from "./schema.d.ts";

export type Schemas = components["schemas"];
export type Api = Client<paths>;

export interface ApiOptions {
  readonly baseUrl: string;
  readonly token: () => Promise<string>;
  readonly language: () => string;
}

export function makeApi({ baseUrl, token, language }: ApiOptions): Api {
  const api = createClient<paths>({ baseUrl, credentials: "include", cache: "no-store" });
  const manners: Middleware = {
    async onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${await token()}`);
      request.headers.set("Accept-Language", language());
      return request;
    },
    async onResponse({ response }) {
      if (!response.ok) {
        throw asProblem(await response.json().catch(() => null), response.status);
      }
    },
    onError({ error }) {
      return error instanceof TypeError ? new NoAnswer(error.message) : undefined;
    },
  };
  api.use(manners);
  return api;
}

/** The body of an answer; an answer without one is the API's fault. */
export async function body<T>(call: Promise<{ data?: T | undefined }>): Promise<T> {
  const { data } = await call;
  if (data === undefined) {
    throw new NoAnswer("empty");
  }
  return data;
}

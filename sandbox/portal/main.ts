/** The portal's static files on this machine, with the headers of its own staticwebapp.config.json. */
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readArguments, serve } from "../common/process.ts";
import { type HostingRules, headersFor, type PortalConfig, withAddresses, withConnections } from "./rules.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};
const HERE = fileURLToPath(new URL(".", import.meta.url));

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "7070" },
    "exit-with-parent": { type: "boolean", default: false },
    root: { type: "string", default: join(HERE, "../../portal/admin/dist") },
    connector: { type: "string", default: process.env.CONNECTOR_URL ?? "" },
    microsoft: { type: "string", default: process.env.MICROSOFT_URL ?? "" },
  },
});
const leaving = values["exit-with-parent"] ? ["--exit-with-parent"] : [];
const options = readArguments(7070, ["--port", values.port, ...leaving]);
const root = resolve(values.root);

async function json<T>(name: string): Promise<T> {
  return JSON.parse(await readFile(join(root, name), "utf-8")) as T;
}

async function prepared(): Promise<{ config: PortalConfig; rules: HostingRules }> {
  const built = await json<PortalConfig>("config.json");
  const config = withAddresses(built, values.connector, values.microsoft);
  return { config, rules: withConnections(await json<HostingRules>("staticwebapp.config.json"), config) };
}

/** The file that a path names, or the page that finds its own way from the path. */
async function fileFor(path: string): Promise<string | undefined> {
  const file = resolve(root, `.${path}`);
  const inside = file.startsWith(root + sep);
  if (inside && (await stat(file).catch(() => undefined))?.isFile()) {
    return file;
  }
  return extname(path) === "" ? join(root, "index.html") : undefined;
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

const { config, rules } = await prepared().catch((error: unknown) => {
  process.stderr.write(`portal cannot start: is ${root} built (npm run build in portal/admin)? ${error}\n`);
  return process.exit(1);
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = decoded(new URL(request.url ?? "/", options.origin).pathname);
  for (const [name, value] of Object.entries(headersFor(rules, path ?? "/"))) {
    response.setHeader(name, value);
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.writeHead(405, { Allow: "GET, HEAD" }).end();
    return;
  }
  if (path === "/config.json") {
    response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(config));
    return;
  }
  const file = path === undefined ? undefined : await fileFor(path);
  if (file === undefined) {
    response.writeHead(404, { "Content-Type": "text/plain; charset=utf-8" }).end("not found\n");
    return;
  }
  response.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream" });
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  createReadStream(file)
    .on("error", () => response.destroy())
    .pipe(response);
}

await serve("portal", options, (request, response) => {
  answer(request, response).catch(() => response.destroy());
});

/**
 * An EHR that does nothing but answer, as fast as Node can: what it says of itself, tokens, and status calls.
 * It counts the status calls by conference, for whoever asks at /counts.
 */
import { createServer } from "node:http";

const port = Number(process.argv[2]);
const origin = `http://localhost:${port}`;
const OAUTH = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris";
/** How long a status call takes, in milliseconds. */
const ANSWER_MS = Number(process.env.ANSWER_MS ?? 0);
const STATUS_CALL = "SetExternalConnectionStatus";

const smart = {
  issuer: origin,
  jwks_uri: `${origin}/keys`,
  authorization_endpoint: `${origin}/authorize`,
  token_endpoint: `${origin}/token`,
  code_challenge_methods_supported: ["S256"],
  capabilities: ["launch-ehr", "client-confidential-asymmetric"],
};
const metadata = {
  resourceType: "CapabilityStatement",
  status: "active",
  date: "2026-01-01",
  kind: "instance",
  fhirVersion: "4.0.1",
  format: ["json"],
  rest: [
    {
      mode: "server",
      security: {
        extension: [
          {
            url: OAUTH,
            extension: [
              { url: "authorize", valueUri: smart.authorization_endpoint },
              { url: "token", valueUri: smart.token_endpoint },
            ],
          },
        ],
      },
    },
  ],
};
const token = { access_token: "bench", token_type: "Bearer", expires_in: 3600 };
/** Status calls by conference id. */
const told = new Map();
let lastAt = 0;

function answer(path, query) {
  if (path.endsWith("/.well-known/smart-configuration")) {
    return smart;
  }
  if (path.endsWith("/metadata")) {
    return metadata;
  }
  if (path === "/token") {
    return token;
  }
  if (path.endsWith(STATUS_CALL)) {
    const conference = query.get("ConferenceID");
    told.set(conference, (told.get(conference) ?? 0) + 1);
    lastAt = Date.now();
    return { Status: "1" };
  }
  if (path === "/counts") {
    const calls = [...told.values()];
    return { conferences: calls.length, calls: calls.reduce((sum, one) => sum + one, 0), lastAt };
  }
  return undefined;
}

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, origin);
  request.resume();
  request.on("end", () => {
    const body = answer(pathname, searchParams);
    const send = () => {
      response.writeHead(body === undefined ? 404 : 200, { "Content-Type": "application/json" });
      response.end(JSON.stringify(body ?? {}));
    };
    if (ANSWER_MS > 0 && pathname.endsWith(STATUS_CALL)) {
      setTimeout(send, ANSWER_MS);
    } else {
      send();
    }
  });
});
server.keepAliveTimeout = 60_000;
server.listen(port, "127.0.0.1", () => console.log(`ehr ready at ${origin}`));
process.stdin.on("end", () => process.exit()).resume();

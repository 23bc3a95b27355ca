/** What an EHR publishes about itself: SMART configuration, OpenID discovery, keys, CapabilityStatement (FHIR R4). */
import type Router from "@koa/router";
import { escaped } from "../common/html.ts";
import type { Environment } from "./environment.ts";
import type { SigningKey } from "./signing.ts";

const OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris";

function smartConfiguration({ issuer, origin, keySetPath }: Environment): object {
  return {
    issuer,
    jwks_uri: `${origin}${keySetPath}`,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic", "private_key_jwt"],
    grant_types_supported: ["authorization_code", "refresh_token", "client_credentials"],
    scopes_supported: ["fhirUser", "launch", "openid", "profile"],
    response_types_supported: ["code"],
    code_challenge_methods_supported: ["S256"],
    capabilities: [
      "launch-ehr",
      "launch-standalone",
      "client-public",
      "client-confidential-symmetric",
      "client-confidential-asymmetric",
      "context-banner",
      "context-style",
      "context-ehr-patient",
      "context-ehr-encounter",
      "context-standalone-patient",
      "permission-offline",
      "permission-patient",
      "permission-user",
      "permission-v1",
      "permission-v2",
      "sso-openid-connect",
      "authorize-post",
    ],
  };
}

function openidConfiguration({ issuer, origin, keySetPath }: Environment): object {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${origin}${keySetPath}`,
    response_types_supported: ["code"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic", "private_key_jwt"],
    scopes_supported: ["fhirUser", "launch", "openid", "profile"],
  };
}

function capabilityStatement({ issuer, fhirBaseUrl, started, name }: Environment): object {
  const interactions = ["read", "vread", "history-instance", "search-type", "update", "patch", "create"];
  const resource = (type: string, search: readonly string[]): object => ({
    type,
    interaction: interactions.map((code) => ({ code })),
    versioning: "versioned-update",
    searchParam: search.map((parameter) => ({
      name: parameter,
      type:
        { date: "date", patient: "reference", status: "token", identifier: "token" }[parameter] ?? "string",
    })),
  });
  return {
    resourceType: "CapabilityStatement",
    status: "active",
    date: new Date(started).toISOString(),
    kind: "instance",
    software: { name: "Pretend hospital", version: "1" },
    implementation: { description: `Pretend hospital, ${name} environment`, url: fhirBaseUrl },
    fhirVersion: "4.0.1",
    format: ["xml", "json"],
    rest: [
      {
        mode: "server",
        security: {
          extension: [
            {
              url: OAUTH_URIS,
              extension: [
                { url: "authorize", valueUri: `${issuer}/authorize` },
                { url: "token", valueUri: `${issuer}/token` },
              ],
            },
          ],
          service: [
            {
              coding: [
                {
                  system: "http://terminology.hl7.org/CodeSystem/restful-security-service",
                  code: "SMART-on-FHIR",
                },
              ],
            },
          ],
        },
        resource: [
          resource("Appointment", ["date", "identifier", "patient", "status"]),
          resource("Encounter", ["date", "identifier", "patient", "status"]),
          resource("Patient", ["birthdate", "family", "given", "identifier"]),
          resource("Practitioner", ["family", "given", "identifier"]),
        ],
      },
    ],
  };
}

/** FHIR XML of one element (R4, 2.6.1): primitives are attributes, the url of an extension too. */
function xmlElement(name: string, value: unknown): string {
  if (Array.isArray(value)) {
    return value.map((one) => xmlElement(name, one)).join("");
  }
  if (typeof value !== "object" || value === null) {
    return `<${name} value="${escaped(String(value))}"/>`;
  }
  const { url, ...members } = value as Record<string, unknown>;
  const isExtension = name === "extension";
  const shown = isExtension ? members : value;
  const inner = Object.entries(shown).map(([member, content]) => xmlElement(member, content));
  return `<${name}${isExtension ? ` url="${escaped(String(url))}"` : ""}>${inner.join("")}</${name}>`;
}

export function fhirXml(resource: object): string {
  const { resourceType, ...members } = resource as Record<string, unknown>;
  const inner = Object.entries(members).map(([name, content]) => xmlElement(name, content));
  return `<${resourceType} xmlns="http://hl7.org/fhir">${inner.join("")}</${resourceType}>`;
}

export function discoveryRoutes(router: Router, environment: Environment, { publicJwk }: SigningKey): void {
  const { prefix, keySetPath } = environment;
  const base = `${prefix}/api/FHIR/R4`;
  router.get(`${base}/.well-known/smart-configuration`, (ctx) => {
    ctx.body = smartConfiguration(environment);
  });
  for (const root of [base, `${prefix}/oauth2`]) {
    router.get(`${root}/.well-known/openid-configuration`, (ctx) => {
      ctx.body = openidConfiguration(environment);
    });
  }
  router.get(keySetPath, (ctx) => {
    ctx.set("Cache-Control", "max-age=300");
    ctx.body = { keys: [publicJwk] };
  });
  router.get(`${base}/metadata`, (ctx) => {
    const statement = capabilityStatement(environment);
    const { accept } = ctx.headers;
    const json =
      ctx.query._format === undefined ? /json/.test(accept ?? "") : /json/.test(String(ctx.query._format));
    ctx.type = json ? "application/fhir+json" : "application/fhir+xml";
    ctx.body = json ? JSON.stringify(statement) : fhirXml(statement);
  });
  router.get(`${prefix}/style.json`, (ctx) => {
    ctx.body = { color_background: "#ffffff", color_text: "#1f2d33", color_highlight: "#17626b" };
  });
}

/** Regenerates what the portal knows of the API from the connector's own OpenAPI document: types, and the
 * settings that a connection has unless somebody changes them. `node scripts/types.mjs [url or file]` */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const types = new URL("../src/api/schema.d.ts", import.meta.url);
const settings = new URL("../src/api/default-settings.json", import.meta.url);

const PRINT = "import json; from functions.openapi import document; print(json.dumps(document()))";

/** From a running connector or a file if one is named, else printed by the functions themselves. */
async function document() {
  const [address] = process.argv.slice(2);
  if (address) {
    return URL.canParse(address) ? (await fetch(address)).json() : JSON.parse(readFileSync(address, "utf-8"));
  }
  const python = process.env.PYTHON ?? "python";
  return JSON.parse(execFileSync(python, ["-c", PRINT], { cwd: root, encoding: "utf-8" }));
}

const found = await document();
const head = "// Made by scripts/types.mjs from the connector's OpenAPI document; do not edit.\n";
writeFileSync(types, head + astToString(await openapiTS(found)));
const standard = found.components.schemas.ConnectionIn.properties.settings.default;
writeFileSync(settings, `${JSON.stringify(standard, null, 2)}\n`);

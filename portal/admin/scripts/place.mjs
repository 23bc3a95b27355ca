/**
 * Makes a built portal ready for one deployment: writes its config.json, and lets its content security policy
 * call what that names, and no more.
 * node scripts/place.mjs --region emea=https://… [--region amer=https://…] --authority https://… --client-id …
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    root: { type: "string", default: fileURLToPath(new URL("../dist", import.meta.url)) },
    region: { type: "string", multiple: true, default: [] },
    authority: { type: "string", default: "https://login.microsoftonline.com/organizations/v2.0" },
    "client-id": { type: "string", default: "" },
    "api-client-id": { type: "string", default: "" },
  },
});
if (values.region.length === 0 || !values["client-id"] || !values["api-client-id"]) {
  process.stderr.write("--region NAME=ADDRESS, --client-id and --api-client-id are needed\n");
  process.exit(2);
}

const regions = values.region.map((text) => {
  const [geography, address] = text.split(/=(.*)/s);
  return { geography, apiBaseUrl: new URL(address).origin };
});
const config = {
  regions,
  authority: values.authority,
  clientId: values["client-id"],
  scope: `api://${values["api-client-id"]}/access_as_user`,
};
const origins = new Set([new URL(values.authority).origin, ...regions.map(({ apiBaseUrl }) => apiBaseUrl)]);

const rulesFile = join(values.root, "staticwebapp.config.json");
const rules = JSON.parse(readFileSync(rulesFile, "utf-8"));
const policy = rules.globalHeaders["Content-Security-Policy"];
rules.globalHeaders["Content-Security-Policy"] = policy.replace(
  /connect-src 'self'[^;]*/,
  `connect-src 'self' ${[...origins].join(" ")}`,
);
writeFileSync(rulesFile, `${JSON.stringify(rules, null, 2)}\n`);
writeFileSync(join(values.root, "config.json"), `${JSON.stringify(config, null, 2)}\n`);

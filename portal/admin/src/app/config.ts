/** Where everything is: read from config.json next to the page, so that one build serves every deployment. */

export interface Region {
  readonly geography: string;
  readonly apiBaseUrl: string;
}

export interface Config {
  readonly regions: readonly Region[];
  readonly authority: string;
  readonly clientId: string;
  readonly scope: string;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isRegion(value: unknown): value is Region {
  return (
    isRecord(value) &&
    typeof value.geography === "string" &&
    typeof value.apiBaseUrl === "string" &&
    URL.canParse(value.apiBaseUrl)
  );
}

/** The configuration, or an error that names what is wrong with the file. */
export function checkedConfig(value: unknown): Config {
  if (!isRecord(value)) {
    throw new Error("config.json is not an object");
  }
  const { regions, authority, clientId, scope } = value;
  if (!Array.isArray(regions) || regions.length === 0 || !regions.every(isRegion)) {
    throw new Error("config.json: regions must be a list of geography and apiBaseUrl");
  }
  if (typeof authority !== "string" || !URL.canParse(authority)) {
    throw new Error("config.json: authority must be an address");
  }
  if (typeof clientId !== "string" || typeof scope !== "string") {
    throw new Error("config.json: clientId and scope must be texts");
  }
  return { regions: regions.map(withoutSlash), authority, clientId, scope };
}

function withoutSlash({ geography, apiBaseUrl }: Region): Region {
  return { geography, apiBaseUrl: apiBaseUrl.replace(/\/+$/, "") };
}

export async function loadConfig(): Promise<Config> {
  const answer = await fetch("/config.json", { cache: "no-store" });
  return checkedConfig(await answer.json());
}

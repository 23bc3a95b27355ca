/** The hosting rules of portal/admin/public/staticwebapp.config.json, as Azure Static Web Apps applies them. */

export interface PortalConfig {
  readonly regions: readonly { readonly geography: string; readonly apiBaseUrl: string }[];
  readonly authority: string;
  readonly clientId: string;
  readonly scope: string;
}

type Headers = Readonly<Record<string, string>>;

export interface HostingRules {
  readonly globalHeaders: Headers;
  readonly routes: readonly { readonly route: string; readonly headers?: Headers }[];
}

/** The configuration with the addresses that are in use on this machine. */
export function withAddresses(config: PortalConfig, connector: string, microsoft: string): PortalConfig {
  const authority = new URL(config.authority);
  return {
    ...config,
    ...(connector
      ? { regions: config.regions.slice(0, 1).map((region) => ({ ...region, apiBaseUrl: connector })) }
      : {}),
    ...(microsoft ? { authority: `${new URL(microsoft).origin}${authority.pathname}` } : {}),
  };
}

/** The rules with a content security policy that allows calls to what the configuration names, and no more. */
export function withConnections(rules: HostingRules, config: PortalConfig): HostingRules {
  const addresses = [config.authority, ...config.regions.map((region) => region.apiBaseUrl)];
  const origins = [...new Set(addresses.map((address) => new URL(address).origin))];
  const policy = rules.globalHeaders["Content-Security-Policy"] ?? "";
  const widened = policy.replace("connect-src 'self'", `connect-src 'self' ${origins.join(" ")}`);
  return { ...rules, globalHeaders: { ...rules.globalHeaders, "Content-Security-Policy": widened } };
}

/** The headers of one path: those of all, then those of the first route that matches. */
export function headersFor(rules: HostingRules, path: string): Headers {
  const matching = rules.routes.find(({ route }) =>
    route.endsWith("*") ? path.startsWith(route.slice(0, -1)) : path === route,
  );
  return { "Cache-Control": "no-cache", ...rules.globalHeaders, ...matching?.headers };
}

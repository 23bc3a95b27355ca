/** Query parameters, which the OpenAPI document does not list. */

type Parameters = Readonly<Record<string, string | undefined>>;

/** Parameters for the API's client; those that are empty are left out. */
export function queried(parameters: Parameters): { query: never } {
  const given = Object.entries(parameters).filter(([, value]) => value);
  return { query: Object.fromEntries(given) as never };
}

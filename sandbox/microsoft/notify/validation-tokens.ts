/** The tokens with which Graph's change tracking shows that a notification comes from it, and wrong ones to order. */
import { randomUUID } from "node:crypto";
import type { EntraTenant } from "../entra/tenants.ts";
import { CHANGE_TRACKING_APP_ID } from "../settings.ts";

export const TOKEN_KINDS = ["v2", "v1", "none", "wrong-audience", "expired", "wrong-publisher"] as const;
export type TokenKind = (typeof TOKEN_KINDS)[number];

const HOUR = 3600;

/** One token per application and tenant in the batch; `null` is what a locked service principal gets. */
export async function validationTokens(
  tenant: EntraTenant,
  applicationId: string,
  kind: TokenKind,
): Promise<string[] | null> {
  if (kind === "none") {
    return null;
  }
  const now = Math.floor(Date.now() / 1000);
  const publisher = kind === "wrong-publisher" ? randomUUID() : CHANGE_TRACKING_APP_ID;
  const version =
    kind === "v1"
      ? { ver: "1.0", iss: `https://sts.windows.net/${tenant.id}/`, appid: publisher, appidacr: "2" }
      : { ver: "2.0", iss: tenant.issuer, azp: publisher, azpacr: "2" };
  const expires = kind === "expired" ? now - HOUR : now + 24 * HOUR;
  const token = await tenant.sign({
    aud: kind === "wrong-audience" ? randomUUID() : applicationId,
    iat: Math.min(now, expires) - 300,
    nbf: Math.min(now, expires) - 300,
    exp: expires,
    tid: tenant.id,
    uti: randomUUID(),
    ...version,
  });
  return [token];
}

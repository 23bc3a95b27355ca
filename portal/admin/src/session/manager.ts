/** Sign-in with Microsoft: OpenID Connect code flow with PKCE (RFC 7636). Tokens live in this tab alone. */
import { UserManager, WebStorageStateStore } from "oidc-client-ts";
import type { Config } from "../app/config.ts";

export function makeManager(config: Config): UserManager {
  // The library's own choice would be local storage, which outlives the tab and is shared by all of them.
  const tab = new WebStorageStateStore({ store: window.sessionStorage });
  const home = `${window.location.origin}/`;
  return new UserManager({
    authority: config.authority,
    client_id: config.clientId,
    redirect_uri: home,
    post_logout_redirect_uri: home,
    response_type: "code",
    scope: `openid profile offline_access ${config.scope}`,
    userStore: tab,
    stateStore: tab,
    automaticSilentRenew: true,
    loadUserInfo: false,
    monitorSession: false,
  });
}

/** Whether this page load is the way back from the sign-in page. */
export function isReturning(search: string): boolean {
  const query = new URLSearchParams(search);
  return query.has("state") && (query.has("code") || query.has("error"));
}

/** A path of this portal to go back to; anything else is its start page. */
export function safePath(path: unknown): string {
  return typeof path === "string" && /^\/(?![/\\])/.test(path) ? path : "/";
}

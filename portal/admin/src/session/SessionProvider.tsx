/** Who is signed in, for every page; deals with the way to the sign-in page and back. */
import type { User, UserManager } from "oidc-client-ts";
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";
import { isReturning, safePath } from "./manager.ts";

export type SessionState = "starting" | "out" | "in";

export interface Session {
  readonly state: SessionState;
  readonly name: string;
  readonly userName: string;
  /** Whether the last try to sign in did not succeed. */
  readonly failed: boolean;
  readonly token: () => Promise<string>;
  readonly signIn: () => Promise<void>;
  readonly signOut: () => Promise<void>;
}

const Context = createContext<Session | undefined>(undefined);

/** One page load redeems its code once, however often React mounts it. */
let redeeming: Promise<User | null> | undefined;

async function returned(manager: UserManager): Promise<User | null> {
  try {
    const user = (await manager.signinCallback()) ?? null;
    window.history.replaceState(null, "", safePath(user?.state));
    return user;
  } catch (error) {
    window.history.replaceState(null, "", "/");
    throw error;
  }
}

function currentUser(manager: UserManager): Promise<User | null> {
  if (redeeming === undefined && isReturning(window.location.search)) {
    redeeming = returned(manager);
  }
  return redeeming ?? manager.getUser();
}

export function SessionProvider({ manager, children }: { manager: UserManager; children: ReactNode }) {
  const [user, setUser] = useState<User | null | undefined>(undefined);
  const [failed, setFailed] = useState(false);

  useEffect(() => {
    let here = true;
    currentUser(manager).then(
      (found) => here && setUser(found && !found.expired ? found : null),
      () => {
        if (here) {
          setFailed(true);
          setUser(null);
        }
      },
    );
    const stopLoaded = manager.events.addUserLoaded((loaded) => setUser(loaded));
    const stopUnloaded = manager.events.addUserUnloaded(() => setUser(null));
    const stopExpired = manager.events.addAccessTokenExpired(() => setUser(null));
    return () => {
      here = false;
      stopLoaded();
      stopUnloaded();
      stopExpired();
    };
  }, [manager]);

  const token = useCallback(async () => (await manager.getUser())?.access_token ?? "", [manager]);
  const signIn = useCallback(async () => {
    const { pathname, search } = window.location;
    try {
      await manager.signinRedirect({ state: pathname + search, prompt: "select_account" });
    } catch {
      setFailed(true);
    }
  }, [manager]);
  const signOut = useCallback(async () => {
    // With a user present the library would put the ID token into the address.
    await manager.removeUser();
    await manager.signoutRedirect();
  }, [manager]);

  const value = useMemo<Session>(
    () => ({
      state: user === undefined ? "starting" : user === null ? "out" : "in",
      name: user?.profile.name ?? user?.profile.preferred_username ?? "",
      userName: user?.profile.preferred_username ?? "",
      failed,
      token,
      signIn,
      signOut,
    }),
    [user, failed, token, signIn, signOut],
  );
  return <Context value={value}>{children}</Context>;
}

export function useSession(): Session {
  const session = useContext(Context);
  if (session === undefined) {
    throw new Error("there is no session around this component");
  }
  return session;
}

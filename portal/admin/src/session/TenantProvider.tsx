/** Which region keeps the tenant's data, and what the caller may do there: asked of every region at once. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { type Api, body, makeApi, type Schemas } from "../api/client.ts";
import type { Config, Region } from "../app/config.ts";
import { current, useWords } from "../messages/LanguageProvider.tsx";
import { ChooseRegion } from "../pages/landing/ChooseRegion.tsx";
import { NobodyAnswers } from "../pages/landing/NobodyAnswers.tsx";
import { Working } from "../parts/Working.tsx";
import { type Answer, namedRegion, settledRegion } from "./region.ts";
import { useSession } from "./SessionProvider.tsx";

export interface Tenant {
  readonly api: Api;
  readonly region: Region;
  readonly me: Schemas["TenantOut"];
}

const Context = createContext<Tenant | undefined>(undefined);
const CHOSEN = "region";

export function TenantProvider({ config, children }: { config: Config; children: ReactNode }) {
  const { token } = useSession();
  const { language } = useWords();
  const client = useQueryClient();
  const [chosen, setChosen] = useState(() => sessionStorage.getItem(CHOSEN));
  const [named] = useState(() => namedRegion(window.location.search, sessionStorage));
  const apis = useMemo(
    () =>
      config.regions.map((region) => ({
        region,
        api: makeApi({ baseUrl: region.apiBaseUrl, token, language: () => current.language }),
      })),
    [config, token],
  );
  const asked = useQuery({
    queryKey: ["tenant"],
    queryFn: () => Promise.all(apis.map(async ({ region, api }) => ask(region, api))),
    staleTime: Number.POSITIVE_INFINITY,
  });

  // Sentences come from the API in the language in which they were asked for.
  const [spoken, setSpoken] = useState(language);
  useEffect(() => {
    if (spoken !== language) {
      setSpoken(language);
      void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "tenant" });
    }
  }, [spoken, language, client]);

  const settled = asked.data && settledRegion(asked.data, chosen, named);
  const value = useMemo<Tenant | undefined>(() => {
    const found = apis.find(({ region }) => region === settled?.region);
    return found && settled?.me ? { ...found, me: settled.me } : undefined;
  }, [apis, settled?.region, settled?.me]);

  if (asked.data === undefined) {
    return <Working />;
  }
  if (value !== undefined) {
    return <Context value={value}>{children}</Context>;
  }
  const silent = asked.data.find(({ me }) => me === undefined);
  if (silent !== undefined) {
    return <NobodyAnswers error={silent.error} again={() => void asked.refetch()} />;
  }
  const confirm = (geography: string): void => {
    sessionStorage.setItem(CHOSEN, geography);
    setChosen(geography);
  };
  return <ChooseRegion answers={asked.data} confirm={confirm} />;
}

async function ask(region: Region, api: Api): Promise<Answer> {
  try {
    return { region, me: await body(api.GET("/api/tenant")) };
  } catch (error) {
    return { region, error: error instanceof Error ? error : new Error(String(error)) };
  }
}

export function useTenant(): Tenant {
  const tenant = useContext(Context);
  if (tenant === undefined) {
    throw new Error("there is no tenant around this component");
  }
  return tenant;
}

/** Asks the URL doctor as somebody types: once they pause, and the last question's answer counts. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { body, type Schemas } from "../../api/client.ts";
import { useTenant } from "../../session/TenantProvider.tsx";
import { isWorthAsking } from "./checkup.ts";
import { debounced } from "./debounce.ts";

const PAUSE_MS = 500;

export function useDoctor(typed: string, environment: Schemas["Environment"]) {
  const { api } = useTenant();
  const [settled, setSettled] = useState(typed);
  const [pause] = useState(() => debounced(PAUSE_MS, setSettled));

  useEffect(() => {
    pause.push(typed);
    return pause.cancel;
  }, [typed, pause]);

  const checkup = useQuery({
    queryKey: ["check", settled.trim(), environment],
    queryFn: () => body(api.POST("/api/connections/check", { body: { fhirBaseUrl: settled, environment } })),
    enabled: isWorthAsking(settled),
    staleTime: 30_000,
    retry: false,
  });
  const isAsking = isWorthAsking(typed) && (typed !== settled || checkup.isFetching);
  return { checkup: isWorthAsking(typed) ? checkup.data : undefined, error: checkup.error, isAsking };
}

/** What pages ask of the API, and how long an answer counts. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTenant } from "../session/TenantProvider.tsx";
import { body, type Schemas } from "./client.ts";

export type Connection = Schemas["ConnectionOut"];

/** An approval by somebody else is seen within this time. */
const FOLLOW_MS = 4000;

export function useConnections() {
  const { api } = useTenant();
  return useQuery({
    queryKey: ["connections"],
    queryFn: async () => (await body(api.GET("/api/connections"))).connections,
    refetchInterval: FOLLOW_MS,
  });
}

export function useConnection(id: string) {
  const { api } = useTenant();
  return useQuery({
    queryKey: ["connection", id],
    queryFn: () => body(api.GET("/api/connections/{id}", { params: { path: { id } } })),
    refetchInterval: FOLLOW_MS,
  });
}

export function useRecords(id: string) {
  const { api } = useTenant();
  return useQuery({
    queryKey: ["records", id],
    queryFn: () => body(api.GET("/api/connections/{id}/records", { params: { path: { id } } })),
  });
}

export function useHistory(id: string) {
  const { api } = useTenant();
  return useQuery({
    queryKey: ["history", id],
    queryFn: async () =>
      (await body(api.GET("/api/connections/{id}/history", { params: { path: { id } } }))).history,
  });
}

/** Does something to connections, then has everything about them asked again. */
export function useConnectionChange<Input, Output>(
  change: (api: ReturnType<typeof useTenant>["api"], input: Input) => Promise<Output>,
) {
  const { api } = useTenant();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (input: Input) => change(api, input),
    onSettled: () =>
      Promise.all(
        ["connections", "connection", "records", "history"].map((name) =>
          client.invalidateQueries({ queryKey: [name] }),
        ),
      ),
  });
}

/** The portal from outside in: sign-in, then the tenant's region, then the pages. */
import { Spinner } from "@fluentui/react-components";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import type { UserManager } from "oidc-client-ts";
import { lazy, Suspense, useState } from "react";
import { BrowserRouter, Route, Routes } from "react-router";
import { isWorthRetrying } from "../api/problem.ts";
import { useWords } from "../messages/LanguageProvider.tsx";
import { Landing } from "../pages/landing/Landing.tsx";
import { makeManager } from "../session/manager.ts";
import { SessionProvider, useSession } from "../session/SessionProvider.tsx";
import { TenantProvider } from "../session/TenantProvider.tsx";
import type { Config } from "./config.ts";
import { Frame } from "./Frame.tsx";
import { ThemeProvider } from "./ThemeProvider.tsx";

const Connections = lazy(() => import("../pages/connections/Connections.tsx"));
const ApproveList = lazy(() => import("../pages/approve/ApproveList.tsx"));
const Approve = lazy(() => import("../pages/approve/Approve.tsx"));
const Records = lazy(() => import("../pages/records/Records.tsx"));
const TestLaunch = lazy(() => import("../pages/test-launch/TestLaunch.tsx"));
const History = lazy(() => import("../pages/history/History.tsx"));
const Outbox = lazy(() => import("../pages/outbox/Outbox.tsx"));
const Visits = lazy(() => import("../pages/visits/Visits.tsx"));
const Organisation = lazy(() => import("../pages/organisation/Organisation.tsx"));
const Privacy = lazy(() => import("../pages/privacy/Privacy.tsx"));
const NotFound = lazy(() => import("../pages/not-found/NotFound.tsx"));

const queries = new QueryClient({
  defaultOptions: { queries: { retry: isWorthRetrying, retryDelay: 800, staleTime: 2000 } },
});

export function App({ config }: { config: Config }) {
  const [manager] = useState<UserManager>(() => makeManager(config));
  return (
    <ThemeProvider>
      <QueryClientProvider client={queries}>
        <SessionProvider manager={manager}>
          <Inside config={config} />
        </SessionProvider>
      </QueryClientProvider>
    </ThemeProvider>
  );
}

function Inside({ config }: { config: Config }) {
  const { state } = useSession();
  if (state === "starting") {
    return <Waiting />;
  }
  if (state === "out") {
    return <Landing />;
  }
  return (
    <TenantProvider config={config}>
      <BrowserRouter>
        <Frame>
          <Suspense fallback={<Waiting />}>
            <Pages />
          </Suspense>
        </Frame>
      </BrowserRouter>
    </TenantProvider>
  );
}

function Pages() {
  return (
    <Routes>
      <Route path="/" element={<Connections />} />
      <Route path="/approve" element={<ApproveList />} />
      <Route path="/approve/:id" element={<Approve />} />
      <Route path="/records/:id" element={<Records />} />
      <Route path="/test/:id" element={<TestLaunch />} />
      <Route path="/history/:id" element={<History />} />
      <Route path="/outbox" element={<Outbox />} />
      <Route path="/visits" element={<Visits />} />
      <Route path="/organisation" element={<Organisation />} />
      <Route path="/privacy" element={<Privacy />} />
      <Route path="*" element={<NotFound />} />
    </Routes>
  );
}

function Waiting() {
  const { t } = useWords();
  return (
    <div className="waiting">
      <Spinner label={t("loading")} />
    </div>
  );
}

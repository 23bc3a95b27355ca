/** The pretend hospital: an Epic-shaped EHR with a test and a production environment, on one port. */
import Router from "@koa/router";
import mount from "koa-mount";
import { makeStandIn } from "../common/control.ts";
import { addressSetting, readArguments, serve } from "../common/process.ts";
import { controlRoutes } from "./control.ts";
import { discoveryRoutes } from "./discovery.ts";
import { Environment } from "./environment.ts";
import { FhirServer } from "./fhir.ts";
import { makeAuthorisationServer } from "./oauth.ts";
import { oauthGate } from "./oauth-gate.ts";
import { assetRoutes } from "./pages/layout.ts";
import { overviewRoute } from "./pages/overview.ts";
import { recordRoutes } from "./pages/records.ts";
import { signInRoutes } from "./pages/sign-in.ts";
import { visitRoutes } from "./pages/visits.ts";
import { makeSigningKey } from "./signing.ts";
import { Locks, statusCallRoute } from "./status-call.ts";

const options = readArguments(7081);
const connectorUrl = addressSetting("CONNECTOR_URL", "http://localhost:7071");
const environments = {
  test: new Environment("test", options.origin, connectorUrl),
  production: new Environment("production", options.origin, connectorUrl),
};
const locks = new Locks();
const resets: (() => void)[] = [() => locks.order(0)];

const { app, control } = makeStandIn(() => {
  for (const reset of resets) {
    reset();
  }
});
controlRoutes(control, environments, locks);

// Before the authorisation servers, which let nothing pass that is under their own path.
const router = new Router();
assetRoutes(router);
app.use(router.routes());
overviewRoute(router, Object.values(environments));
for (const environment of Object.values(environments)) {
  const server = makeAuthorisationServer(environment, await makeSigningKey());
  const fhir = new FhirServer(environment, server);
  resets.push(
    () => environment.reset(),
    () => server.reset(),
    () => fhir.reset(),
  );
  discoveryRoutes(router, environment, server.signingKey);
  statusCallRoute(router, environment, server, locks);
  signInRoutes(router, environment, server);
  visitRoutes(router, environment);
  recordRoutes(router, environment);
  app.use(oauthGate(environment, server));
  app.use(mount(`${environment.prefix}/oauth2`, server.provider));
  app.use(fhir.middleware);
}

await serve("hospital", options, app.callback());

/** The pretend Microsoft: Entra, Graph, the managed identity's endpoint and a page in place of a Teams meeting. */
import { makeStandIn } from "../common/control.ts";
import { readArguments, serve } from "../common/process.ts";
import { controlRoutes } from "./control.ts";
import { cookieKeys } from "./entra/provider.ts";
import { entraErrors } from "./entra/router.ts";
import { graphRoutes } from "./graph/router.ts";
import { overviewRoutes } from "./overview.ts";
import { readSettings } from "./settings.ts";
import { meetingPageRoutes } from "./teams/routes.ts";
import { World } from "./world.ts";

const options = readArguments(7082);
const world = new World(readSettings(options));
const { app, control } = makeStandIn(() => world.reset());
app.keys = [...cookieKeys];
controlRoutes(control, world);
app.use(entraErrors);
const routers = [
  world.entra.routes(),
  world.entra.identityRoutes(),
  graphRoutes(world.graph),
  meetingPageRoutes(world),
  overviewRoutes(world),
];
for (const router of routers) {
  app.use(router.routes());
}
await world.entra.start();
await serve("microsoft", options, app.callback());

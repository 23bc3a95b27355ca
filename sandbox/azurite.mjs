// Azurite in this process, for whoever starts it: the same arguments as Azurite's own, plus
// --exit-with-parent, which ends it when standard input does (the parent is gone, however it went).
import { createRequire } from "node:module";

const WRAPPER_FLAG = "--exit-with-parent";
const LONGEST_GOODBYE_MS = 1500;
const ALWAYS = ["--disableTelemetry", "--skipApiVersionCheck"];

const given = process.argv.slice(2);
const passed = given.filter((argument) => argument !== WRAPPER_FLAG);
const added = ALWAYS.filter((argument) => !passed.includes(argument));
process.argv = [...process.argv.slice(0, 2), ...passed, ...added];

function leave() {
  // Azurite's own way out lets it write what it still holds; the timer is for when it has not come up yet.
  process.emit("SIGTERM");
  setTimeout(() => process.exit(0), LONGEST_GOODBYE_MS).unref();
}

if (given.includes(WRAPPER_FLAG)) {
  process.stdin.resume();
  process.stdin.once("end", leave);
  process.stdin.once("error", leave);
}

createRequire(import.meta.url)("azurite/dist/src/azurite.js");

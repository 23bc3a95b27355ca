// Builds the scripts and styles of the visit pages into functions/pages/assets, where the connector serves them.
import { cp, mkdir, readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "..", "functions", "pages", "assets");

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await build({
  absWorkingDir: here,
  entryPoints: {
    waiting: "waiting.ts",
    device_test: "device-test.ts",
    visit: "visit.css",
    board: "../board/board.ts",
    board_style: "../board/board.css",
  },
  outdir: out,
  bundle: true,
  minify: true,
  format: "iife",
  // The last two versions of each browser, as product.md asks, with a margin for phones that update late.
  target: ["chrome120", "edge120", "firefox121", "safari16.4"],
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
});
await cp(join(here, "icons"), out, { recursive: true });

for (const name of (await readdir(out)).sort()) {
  console.log(`${String((await stat(join(out, name))).size).padStart(7)} ${name}`);
}

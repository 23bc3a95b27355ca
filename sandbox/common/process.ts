/** How a stand-in starts and ends: arguments, both loopback addresses, the ready line, --exit-with-parent. */
import { createServer, type RequestListener, type Server } from "node:http";
import { parseArgs } from "node:util";

export interface Arguments {
  readonly port: number;
  readonly exitWithParent: boolean;
  /** `http://localhost:<port>`: what every URL of this stand-in begins with. */
  readonly origin: string;
}

/** Reads `--port` and `--exit-with-parent`; anything else on the command line is an error. */
export function readArguments(
  defaultPort: number,
  argv: readonly string[] = process.argv.slice(2),
): Arguments {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      port: { type: "string", default: String(defaultPort) },
      "exit-with-parent": { type: "boolean", default: false },
    },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new Error(`--port must be a number from 1 to 65535, not "${values.port}"`);
  }
  return { port, exitWithParent: values["exit-with-parent"], origin: `http://localhost:${port}` };
}

/** A setting from the environment, as an address without a slash at its end. */
export function addressSetting(name: string, otherwise: string): string {
  return (process.env[name] || otherwise).replace(/\/+$/, "");
}

function listenOn(host: string, port: number, handler: RequestListener): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(handler);
    // A live page keeps its connection; a client that pools connections must not meet one closed under it.
    server.keepAliveTimeout = 60_000;
    server.once("error", reject);
    server.listen({ host, port, ipv6Only: host === "::1" }, () => {
      server.off("error", reject);
      resolve(server);
    });
  });
}

/**
 * Listens on 127.0.0.1 and, where the machine has it, on ::1: `localhost` means either to different clients.
 */
export async function listen(port: number, handler: RequestListener): Promise<Server[]> {
  const servers = [await listenOn("127.0.0.1", port, handler)];
  try {
    servers.push(await listenOn("::1", port, handler));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== "EADDRNOTAVAIL" && code !== "EAFNOSUPPORT") {
      throw error;
    }
  }
  return servers;
}

/** Ends this process when its standard input ends: a killed parent leaves no orphan, on any OS. */
function endWithParent(): void {
  const end = (): never => process.exit(0);
  process.stdin.once("end", end);
  process.stdin.once("error", end);
  process.stdin.resume();
}

/** Listens, prints the one ready line, and stays until told (or until its parent is gone). */
export async function serve(name: string, options: Arguments, handler: RequestListener): Promise<void> {
  if (options.exitWithParent) {
    endWithParent();
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => process.exit(0));
  }
  try {
    await listen(options.port, handler);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why =
      code === "EADDRINUSE" ? `port ${options.port} is in use; choose another with --port` : String(error);
    process.stderr.write(`${name} cannot start: ${why}\n`);
    process.exit(1);
  }
  process.stdout.write(`${name} ready at ${options.origin}\n`);
}

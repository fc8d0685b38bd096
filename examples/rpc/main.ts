/**
 * A program that serves HTTP on a port and typed RPC on a Unix socket, and
 * another program that uses both: calls, a stream, a callback, cancellation.
 *
 *     deno run -A examples/rpc/main.ts
 *
 * Both are separate processes with minimal permissions. It exits with 0 only if
 * everything was as expected.
 *
 * @module
 */
import { join } from "@std/path";
import { print } from "../print.ts";
import { Program } from "../program.ts";
import { runDemo } from "../run_demo.ts";
import { makeTempFolder } from "../temp_folder.ts";

/**
 * The address of a server, and the permissions of the server and its clients.
 */
interface Place {
  readonly address: string;
  readonly serverMay: readonly string[];
  /** Returns the clients' permissions for the server's real addresses. */
  readonly clientMay: (rpc: string, web: string) => readonly string[];
}

/**
 * Runs the demo.
 *
 * @throws {Error} If the result is not as expected.
 */
export async function demonstrate(signal: AbortSignal): Promise<void> {
  print("A bakery: its shop speaks HTTP, its office RPC\n");
  await using folder = await makeTempFolder("bakery-");
  const place = choosePlace(folder.path);
  await using server = new Program({
    file: new URL("server.ts", import.meta.url),
    args: [place.address, "--until-stdin-ends"],
    permissions: place.serverMay,
    stdout: "piped",
    signal,
  });
  const [rpc = "", web = ""] = (await server.firstLine()).split(" ");
  print(`  server at ${rpc}, process ${server.pid}`);
  print(`  and ${web}`);
  await using client = new Program({
    file: new URL("client.ts", import.meta.url),
    args: [rpc, web],
    permissions: place.clientMay(rpc, web),
    stdout: "inherit",
    signal,
  });
  print(`  client in process ${client.pid}`);
  const succeeded = await client.succeeded();
  signal.throwIfAborted();
  if (!succeeded) throw new Error("The client failed: see above");
  print("\nAll was as it should be");
}

function choosePlace(folder: string): Place {
  return Deno.build.os === "windows" ? tcpPlace() : unixPlace(folder);
}

/** Returns the place for systems without Unix sockets. */
function tcpPlace(): Place {
  return {
    address: "tcp://127.0.0.1:0",
    serverMay: ["--allow-net=127.0.0.1:0"],
    clientMay: (rpc, web) => [
      `--allow-net=${rpc.slice("tcp://".length)},${new URL(web).host}`,
    ],
  };
}

function unixPlace(folder: string): Place {
  const path = join(folder, "bakery.sock");
  return {
    address: `ipc://[${path}]`,
    // The permission cannot name the path: the socket is created under a random
    // name, and renamed to this path when it is ready.
    serverMay: ["--allow-net", ...mayUse(folder)],
    clientMay: (_rpc, web) => [
      `--allow-net=unix:${path},${new URL(web).host}`,
      ...mayUse(path),
    ],
  };
}

function mayUse(path: string): string[] {
  return [`--allow-read=${path}`, `--allow-write=${path}`];
}

if (import.meta.main) await runDemo(demonstrate);

/**
 * A server that greets, and its clients, over each transport and with each
 * codec: first a short conversation, then a thousand guests in parallel.
 *
 *     deno run -A examples/greeting/main.ts
 *
 * Over TCP and Unix sockets, the server and its client are separate processes
 * with minimal permissions. It exits with 0 only if every reply was right.
 *
 * @module
 */
import { startServer } from "@denomas/denomas/channel";
import { join } from "@std/path";
import { codecNamed, CODECS } from "./codec_named.ts";
import type { Figures } from "./crowd.ts";
import { greet } from "./greet.ts";
import { print } from "../print.ts";
import { Program } from "../program.ts";
import { runDemo } from "../run_demo.ts";
import { makeTempFolder } from "../temp_folder.ts";
import { formatTable } from "./table.ts";
import { visit } from "./visit.ts";

/**
 * Runs the demo.
 *
 * @throws {Error} If a reply was wrong.
 */
export async function demonstrate(signal: AbortSignal): Promise<void> {
  print("A server that greets, and its clients");
  const rows = await greetOverAll(signal);
  printSummary(rows);
  const errors = rows.reduce((sum, { figures }) => sum + figures.errors, 0);
  if (errors > 0) throw new Error(`${errors} errors`);
  print("\nEvery reply was right");
}

/**
 * The address of a server, and the permissions of the server and its clients.
 */
interface Place {
  readonly address: string;
  readonly serverMay: readonly string[];
  /** Returns the clients' permissions for the server's real address. */
  readonly clientMay: (address: string) => readonly string[];
}

interface Row {
  readonly transport: string;
  readonly codec: string;
  readonly figures: Figures;
}

async function greetOverAll(signal: AbortSignal): Promise<Row[]> {
  await using folder = await makeTempFolder("greeting-");
  const path = join(folder.path, "greeting.sock");
  const places: Record<string, Place> = {
    tcp: {
      address: "tcp://127.0.0.1:0",
      serverMay: ["--allow-net=127.0.0.1:0"],
      clientMay: (address) => [`--allow-net=${address.slice("tcp://".length)}`],
    },
    unix: {
      address: `ipc://[${path}]`,
      // The permission cannot name the path: the socket is created under a
      // random name, and renamed to this path when it is ready.
      serverMay: ["--allow-net", ...mayUse(folder.path)],
      clientMay: () => [`--allow-net=unix:${path}`, ...mayUse(path)],
    },
  };
  // Deno has no Unix sockets on Windows.
  if (Deno.build.os === "windows") delete places.unix;
  const figuresFile = join(folder.path, "figures.json");
  const rows: Row[] = [];
  for (const [transport, place] of Object.entries(places)) {
    for (const codec of CODECS) {
      print(`\n${transport}, ${codec}`);
      const figures = await inTwoProcesses(place, codec, figuresFile, signal);
      rows.push({ transport, codec, figures });
    }
  }
  for (const codec of CODECS) {
    print(`\nmemory, ${codec}`);
    const figures = await inThisProcess(codec);
    rows.push({ transport: "memory", codec, figures });
    signal.throwIfAborted();
  }
  return rows;
}

function mayUse(path: string): string[] {
  return [`--allow-read=${path}`, `--allow-write=${path}`];
}

async function inTwoProcesses(
  { address, serverMay, clientMay }: Place,
  codec: string,
  figuresFile: string,
  signal: AbortSignal,
): Promise<Figures> {
  await using server = new Program({
    file: new URL("server.ts", import.meta.url),
    args: [address, codec, "--until-stdin-ends"],
    permissions: serverMay,
    stdout: "piped",
    signal,
  });
  const realAddress = await server.firstLine();
  print(`  server at ${realAddress}, process ${server.pid}`);
  await using client = new Program({
    file: new URL("client.ts", import.meta.url),
    args: [realAddress, codec, figuresFile],
    permissions: [...clientMay(realAddress), `--allow-write=${figuresFile}`],
    stdout: "inherit",
    signal,
  });
  print(`  client in process ${client.pid}`);
  const succeeded = await client.succeeded();
  signal.throwIfAborted();
  if (!succeeded) throw new Error("The client failed: see above");
  return JSON.parse(await Deno.readTextFile(figuresFile));
}

async function inThisProcess(codec: string): Promise<Figures> {
  await using server = await startServer("local://greeting", greet, {
    codec: codecNamed(codec),
  });
  print(`  server and client at ${server.address}, in this process`);
  return await visit(server.address, { codec: codecNamed(codec) });
}

function printSummary(rows: readonly Row[]): void {
  print("");
  print(formatTable(
    [
      "transport",
      "codec",
      "requests",
      "errors",
      "requests/s",
      "p50 ms",
      "p99 ms",
    ],
    rows.map(({ transport, codec, figures }) => [
      transport,
      codec,
      figures.requests,
      figures.errors,
      figures.perSecond,
      figures.p50Ms,
      figures.p99Ms,
    ]),
  ));
}

if (import.meta.main) await runDemo(demonstrate);

import { join } from "@std/path";
import {
  denoCommand,
  PeerProcess,
  type PeerProcessOptions,
} from "../shared/peer_process.ts";
import type { Run } from "./call.ts";
import { CLIENT_CORE, onCore, SERVER_CORE } from "./_pin.ts";
import type { Workload } from "./workloads.ts";

/** `memory` runs server and client in one process, the others in two. */
export type Transport = "tcp" | "unix" | "memory";

/** A subject on a transport. */
export interface Variant {
  readonly subject: string;
  readonly transport: Transport;
}

/** Returns the name of a variant in reports. */
export function nameOf({ subject, transport }: Variant): string {
  return `${subject} over ${transport}`;
}

const ANY_PORT = "tcp://127.0.0.1:0";

/** Some libraries leave calls unanswered: their process is killed. */
const PROCESS: PeerProcessOptions = { limitMs: 60_000, mayFail: true };

/** A client and its server. */
export class Pair {
  readonly #client: PeerProcess;
  readonly #server: PeerProcess | null;

  constructor(client: PeerProcess, server: PeerProcess | null) {
    this.#client = client;
    this.#server = server;
  }

  /**
   * Returns the approximate number of acts in `runMs`; 0 if the subject does
   * not support the workload.
   */
  count(workload: Workload, runMs: number): Promise<number> {
    return this.#client.ask("count", { workload, runMs });
  }

  /** Runs a workload, optionally recording the time of each act. */
  async run(
    workload: Workload,
    acts: number,
    isTimed: boolean,
  ): Promise<Run> {
    const before = await this.#serverWaitedUs();
    const run = await this.#client.ask<Run>("run", { workload, acts, isTimed });
    const waitedUs = run.waitedUs + await this.#serverWaitedUs() - before;
    return { ...run, waitedUs };
  }

  async #serverWaitedUs(): Promise<number> {
    return await this.#server?.ask<number>("waitedUs") ?? 0;
  }

  /** Returns the CPU time of the server, in µs; `null` without a server. */
  async serverCpuUs(): Promise<number | null> {
    return await this.#server?.ask<number>("cpuUs") ?? null;
  }
}

/**
 * Starts clients and servers, each in its own process. A pair starts when it is
 * first requested and keeps running: an idle process costs nothing.
 */
export class Harness implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly #pairs = new Map<string, Promise<Pair>>();
  readonly #folder: string;
  readonly #isPinned: boolean;
  #sockets = 0;

  /** If `isPinned`, all clients run on one core and all servers on another. */
  constructor(isPinned: boolean) {
    this.#isPinned = isPinned;
    const folder = this.#folder = Deno.makeTempDirSync({ prefix: "bench-" });
    this.#stack.defer(() => Deno.remove(folder, { recursive: true }));
  }

  /**
   * Returns a warm client and server.
   */
  pair(variant: Variant): Promise<Pair> {
    const key = nameOf(variant);
    let pair = this.#pairs.get(key);
    if (pair === undefined) {
      pair = this.#start(variant);
      this.#pairs.set(key, pair);
    }
    return pair;
  }

  async #start({ subject, transport }: Variant): Promise<Pair> {
    if (transport === "memory") {
      const address = `local://${crypto.randomUUID()}`;
      const client = this.#run(CLIENT_CORE, "call.ts", subject, address, "1");
      await client.ask("warmUp");
      return new Pair(client, null);
    }
    const { server, address } = await this.serve({ subject, transport });
    const client = this.#run(CLIENT_CORE, "call.ts", subject, address);
    await client.ask("warmUp");
    return new Pair(client, server);
  }

  /** Starts a server. */
  async serve(
    { subject, transport }: Variant,
  ): Promise<{ server: PeerProcess; address: string }> {
    const wanted = transport === "tcp"
      ? ANY_PORT
      : `ipc://[${join(this.#folder, `${this.#sockets++}.sock`)}]`;
    const server = this.#run(SERVER_CORE, "serve.ts", subject, wanted);
    return { server, address: await server.ask<string>("address") };
  }

  #run(core: number, program: string, ...args: string[]): PeerProcess {
    const command = denoCommand(new URL(program, import.meta.url), args);
    return this.#stack.use(
      new PeerProcess(
        this.#isPinned ? onCore(core, command) : command,
        PROCESS,
      ),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

import { join } from "@std/path";
import type { Command, Run } from "./call.ts";
import { countingProxy } from "./_counting_proxy.ts";
import { Helper } from "./_helper.ts";
import { CLIENT_CORE, type Core, SERVER_CORE } from "./_pin.ts";
import type { Usage } from "./_usage.ts";
import type { Workload } from "./workloads.ts";

/**
 * `memory` and `worker` have server and client in one process, the others in
 * two.
 */
export type Transport = "tcp" | "unix" | "memory" | "worker";

/** A subject over a transport. */
export interface Variant {
  readonly subject: string;
  readonly transport: Transport;
}

/** How processes are run. */
export interface ArenaOptions {
  /** Whether clients and servers have a core each. */
  readonly isPinned: boolean;
  /** A folder for CPU profiles of the servers; `null` for none. */
  readonly serverProfiles?: string | null;
}

const ANY_PORT = "tcp://127.0.0.1:0";

/** A client and its server. */
export class Stand {
  readonly #client: Helper;
  readonly #server: Helper | null;
  readonly #address: string;

  constructor(client: Helper, server: Helper | null, address: string) {
    this.#client = client;
    this.#server = server;
    this.#address = address;
  }

  /** About how many acts take so long; 0 if the subject has none. */
  count(workload: Workload, runMs: number): Promise<number> {
    return this.#tell({ do: "count", workload, runMs });
  }

  /** Does a workload, with each act's time or without. */
  run(workload: Workload, acts: number, timed: boolean): Promise<Run> {
    return this.#tell({ do: "run", workload, acts, timed });
  }

  /** What the server has used so far; `null` where there is none. */
  async serverUsage(): Promise<Usage | null> {
    return await this.#server?.ask<Usage>("usage") ?? null;
  }

  /**
   * Bytes that a call and its answer take on the wire, headers of the frames
   * included and those of TCP not; `null` where there is no TCP.
   */
  async bytesPerCall(): Promise<number | null> {
    await using proxy = countingProxy(this.#address);
    if (proxy === null) return null;
    const { address } = proxy;
    const calls = 100;
    // What a connection begins with is no part of a call.
    await this.#tell({ do: "callAt", address, calls: 10 });
    const before = proxy.bytes();
    await this.#tell({ do: "callAt", address, calls });
    return (proxy.bytes() - before) / calls;
  }

  /** How many ms a client takes to notice the end of a server. */
  kill(address: string, pid: number): Promise<number> {
    return this.#tell({ do: "kill", address, pid });
  }

  #tell<T>(command: Command): Promise<T> {
    return this.#client.ask<T>(command);
  }
}

/** Windows knows no SIGTERM. */
const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM"];

/** The exit code of what is interrupted. */
const INTERRUPTED = 130;

/**
 * Starts clients and servers, a process each. They are started when they are
 * first asked for and kept: one that does nothing costs nothing. An interrupt
 * ends this process, and leaves nothing behind.
 */
export class Arena implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly #stands = new Map<string, Promise<Stand>>();
  readonly #folder: string;
  readonly #options: ArenaOptions;
  #sockets = 0;

  constructor(options: ArenaOptions) {
    this.#options = options;
    const folder = this.#folder = Deno.makeTempDirSync({ prefix: "bench-" });
    this.#stack.defer(() => Deno.remove(folder, { recursive: true }));
    // The processes end with this one.
    const abandon = () => {
      Deno.removeSync(folder, { recursive: true });
      Deno.exit(INTERRUPTED);
    };
    for (const signal of SIGNALS) {
      Deno.addSignalListener(signal, abandon);
      this.#stack.defer(() => Deno.removeSignalListener(signal, abandon));
    }
  }

  /**
   * A warm client and server. Another `copy` has other processes, but the same
   * code: it is for measuring a subject against itself.
   */
  stand({ subject, transport }: Variant, copy: number = 0): Promise<Stand> {
    const key = `${subject}-${transport}-${copy}`;
    let stand = this.#stands.get(key);
    if (stand === undefined) {
      stand = this.#start({ subject, transport }, key);
      this.#stands.set(key, stand);
    }
    return stand;
  }

  async #start({ subject, transport }: Variant, key: string): Promise<Stand> {
    let server: Helper | null = null;
    let address = transport === "memory" ? `local://${key}` : ANY_PORT;
    const isOneProcess = transport === "memory" || transport === "worker";
    if (!isOneProcess) {
      ({ server, address } = await this.serve({ subject, transport }));
      this.#stack.use(server);
    }
    const client = this.#stack.use(
      new Helper(
        "call.ts",
        [subject, address, ...(isOneProcess ? ["serve"] : [])],
        // Its threads are to have both.
        { core: transport === "worker" ? null : this.#core(CLIENT_CORE) },
      ),
    );
    await client.listen();
    await client.ask({ do: "warmUp" } satisfies Command);
    return new Stand(client, server, address);
  }

  /** Starts one more server, which is the caller's to end. */
  async serve(
    { subject, transport }: Variant,
  ): Promise<{ server: Helper; address: string }> {
    const { serverProfiles = null } = this.#options;
    const wanted = transport === "tcp"
      ? ANY_PORT
      : `ipc://[${join(this.#folder, `${this.#sockets++}.sock`)}]`;
    const server = new Helper("serve.ts", [subject, wanted], {
      core: this.#core(SERVER_CORE),
      flags: serverProfiles === null
        ? []
        : ["--cpu-prof", `--cpu-prof-dir=${serverProfiles}`],
    });
    try {
      return { server, address: await server.listen<string>() };
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  #core(core: Core): Core | null {
    return this.#options.isPinned ? core : null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

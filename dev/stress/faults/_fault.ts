import { openReconnecting } from "../../../rpc/reconnect/deno.ts";
import type {
  ReconnectingClient,
  ReconnectOptions,
} from "../../../rpc/reconnect/client.ts";
import { rest } from "../../shared/wait.ts";
import { CallLoad } from "./_call_load.ts";
import type { Outcome } from "./_outcome.ts";
import type { NumberedService } from "./peers/_numbered_service.ts";
import type { Scale } from "./_scale.ts";

/** A trial. Each of its outcomes is a row of the table. */
export interface FaultTrial {
  readonly name: string;
  /** Returns what this machine lacks for the trial, or `null`. */
  readonly missing?: () => Promise<string | null>;
  readonly run: (scale: Scale) => Promise<Outcome[]>;
}

/** A fault that affects a client. */
export interface Fault {
  readonly fault: string;
  /** Starts the fault, and ends it. */
  readonly run: () => Promise<unknown>;
  /** The documented limit of a call, in milliseconds. */
  readonly boundMs: number;
  /** The documented limit until the connection ends, in milliseconds. */
  readonly noticeBoundMs?: number;
}

/** The time for calls before a fault, and for recovery after it. */
const BEFORE_MS = 300;
const RECOVERY_MS = 30_000;

/** A client that records when its connection ends. */
export class FaultClient implements AsyncDisposable {
  readonly #client: ReconnectingClient<NumberedService>;
  /** The time of the first end of a connection since the fault began. */
  endedAt: number | null = null;

  private constructor(client: ReconnectingClient<NumberedService>) {
    this.#client = client;
  }

  /** Connects to `address`. */
  static async open(
    address: string,
    { heartbeatMs, queueTimeoutMs }: Scale,
    options: ReconnectOptions<NumberedService> = {},
  ): Promise<FaultClient> {
    const noted: { by?: FaultClient } = {};
    const client = await openReconnecting<NumberedService>(address, {
      heartbeatMs,
      queueTimeoutMs,
      ...options,
      // Failures on the way are the purpose of the trial.
      onError: () => {},
      onStateChange: (state) => {
        if (state === "reconnecting" && noted.by) {
          noted.by.endedAt ??= performance.now();
        }
      },
    });
    return noted.by = new FaultClient(client);
  }

  /** Runs a fault while the client calls. */
  async suffer(fault: Fault): Promise<Outcome> {
    const { remote } = this.#client;
    const load = new CallLoad(remote);
    await rest(BEFORE_MS);
    this.endedAt = null;
    const began = performance.now();
    await fault.run();
    const ended = performance.now();
    const backMs = await this.#back(ended);
    const { run: _, ...rules } = fault;
    return {
      ...rules,
      lastedMs: ended - began,
      load: await load.stop(fault.boundMs),
      noticedMs: this.endedAt === null ? null : this.endedAt - began,
      backMs,
    };
  }

  async #back(since: number): Promise<number | null> {
    while (performance.now() < since + RECOVERY_MS) {
      try {
        await this.#client.remote.often(-1);
        return performance.now() - since;
      } catch {
        await rest(20);
      }
    }
    return null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close({ graceMs: 0 });
  }
}

/** Cuts the connections of a server repeatedly, for `timeMs`. */
export async function cutFor(
  server: { readonly clients: Iterable<{ channel: Closable }> },
  timeMs: number,
  everyMs: number,
): Promise<void> {
  const until = performance.now() + timeMs;
  while (performance.now() < until) {
    for (const { channel } of server.clients) {
      await channel.close({ graceMs: 0 });
    }
    await rest(everyMs);
  }
}

interface Closable {
  close(options: { graceMs: number }): Promise<void>;
}

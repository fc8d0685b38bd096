import {
  type ChannelStarter,
  checkRange,
  type ConnectionChannel,
  connectionClosed,
  type Timeout,
  Timers,
  within,
} from "../../channel/internal.ts";
import { json } from "../../channel/codecs/json/json.ts";
import { type CloseReason, TimeoutError } from "../../channel/errors.ts";
import { describeThrown } from "../../channel/message.ts";
import { resolveLimits } from "../../channel/limits/limits.ts";
import type { ChannelOptions } from "../../channel/options.ts";
import { guardedOnError, type OnError } from "../../channel/report.ts";
import type { Request } from "../../channel/request.ts";
import type { Server } from "../../channel/server.ts";
import { asError, isCall, toPlainFailure } from "../../rpc/internal.ts";
import { withTransports } from "../../transports/defaults.ts";
import { observed } from "../../transports/internal.ts";
import { failureList } from "./_failure_list.ts";
import type {
  RunningSimulator,
  SimulatorOptions,
} from "./running_simulator.ts";
import { ServedSimulator } from "./_served_simulator.ts";
import type { Simulator } from "./simulator.ts";

const GRACE_MS = 1_000;
const STOP_MS = 10_000;
/**
 * The calls made by mosaik's `run`, which returns normally even if one fails.
 */
const CALLS_OF_RUN: readonly unknown[] = ["setup_done", "step", "get_data"];

/** Options for a {@linkcode SimulatorRun}. */
export interface RunOptions extends SimulatorOptions {
  /**
   * Called for each call of mosaik before it is answered; for `runSimulator`.
   */
  readonly onCall?:
    | ((name: string, args: readonly unknown[]) => void)
    | undefined;
}

/** Returns the options of the channel between a simulator and mosaik. */
export function channelOptions(
  address: string,
  options: SimulatorOptions,
): ChannelOptions {
  const { nonFinite = "error", limits, tls, transports, onError } = options;
  const codec = json({ nonFinite });
  return withTransports(address, { codec, limits, tls, transports, onError });
}

/**
 * The run of one simulator from its connection to its end. It answers mosaik's
 * calls one at a time, and ensures that `stop` runs.
 */
export class SimulatorRun implements RunningSimulator {
  address = "";
  /** The channel to mosaik: the first channel that was started. */
  channel: ConnectionChannel | null = null;

  readonly #simulator: Simulator;
  readonly #options: RunOptions;
  readonly #graceMs: number;
  readonly #stopMs: number;
  readonly #onError: OnError;
  readonly #maxFrameBytes: number;
  readonly #served: ServedSimulator;
  readonly #ending = new AbortController();
  readonly #closed = Promise.withResolvers<CloseReason>();
  readonly #onAbort = () => this.#endHere("aborted", "the signal aborted");
  #server: Server | null = null;
  #wait: Timeout | null = null;
  /** Resolves when all calls so far are answered. Never rejects. */
  #calls: Promise<void> = Promise.resolve();

  /** Checks the options. */
  constructor(simulator: Simulator, options: RunOptions) {
    const { graceMs = GRACE_MS, stopMs = STOP_MS } = options;
    checkRange("graceMs", graceMs, 0);
    checkRange("stopMs", stopMs, 0);
    this.#simulator = simulator;
    this.#options = options;
    this.#graceMs = graceMs;
    this.#stopMs = stopMs;
    this.#onError = guardedOnError(options.onError);
    this.#maxFrameBytes = resolveLimits(options.limits).frames.maxBytes;
    const { signal } = this.#ending;
    this.#served = new ServedSimulator(
      simulator,
      this.#maxFrameBytes,
      signal,
      (content) => this.channel!.send(content, { signal }),
      (error) => this.#report(error),
    );
  }

  get closed(): Promise<CloseReason> {
    return this.#closed.promise;
  }

  /** Starts the channel to mosaik. Only the first one is served. */
  readonly startChannel: ChannelStarter = (channel) => {
    if (this.channel !== null) {
      channel.start();
      return channel;
    }
    this.channel = channel;
    this.#wait?.stop();
    channel.start({
      onRequest: (request) => this.#take(request),
      encodeFailure: (error) => failureList(error, this.#maxFrameBytes),
    });
    const message = "mosaik closed the connection without a 'stop'";
    channel.closed.then((reason) =>
      this.#end(
        reason.by === "peer" ? { ...reason, code: "lost", message } : reason,
      )
    );
    return channel;
  };

  /**
   * Called when the run is handed to the user. It takes over `server`, if there
   * is one, and then ends unless mosaik connects within `timeoutMs`.
   */
  begin(address: string, server: Server | null, timeoutMs = Infinity): void {
    this.address = address;
    this.#server = server;
    observed.by?.opened(this, "client", () => `simulator, ${address}`);
    observed.by?.owned((server ?? this.channel)!, this);
    const { signal } = this.#options;
    signal?.addEventListener("abort", this.#onAbort, { once: true });
    if (signal?.aborted) this.#onAbort();
    if (this.channel !== null || this.#ending.signal.aborted) return;
    this.#wait = new Timers(this).start("wait for mosaik", timeoutMs, () => {
      const message = `mosaik did not connect within ${timeoutMs} ms`;
      const error = new TimeoutError(
        `Cannot serve mosaik at '${address}': ${message}`,
        { timeoutMs, sent: false },
      );
      this.#end({ by: "error", code: "timeout", message, error });
    }, { patient: true });
  }

  async close(): Promise<void> {
    this.#endHere("closed", "this side closed the simulator");
    await this.closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #take(request: Request): void {
    const { content } = request;
    if (isCall(content) && content[0] === "stop") {
      // Not answered: the end of the connection is the answer.
      const message = "mosaik stopped the simulator";
      this.#end({ by: "peer", code: "closed", message });
      return;
    }
    // A failed call does not prevent the next one from being answered.
    this.#calls = this.#calls.then(() => this.#answer(request))
      .catch((error) => this.#report(error));
  }

  async #answer(request: Request): Promise<void> {
    if (this.#ending.signal.aborted) return;
    const { content } = request;
    try {
      const result = await this.#call(content);
      // If the result cannot be sent, the channel has sent mosaik the reason.
      request.reply(result ?? null)
        .catch((error) => this.#reportFailure(content, error));
    } catch (error) {
      request.fail(asError(error) ?? toPlainFailure(error)).catch(() => {});
      this.#reportFailure(content, error);
    }
  }

  async #call(content: unknown): Promise<unknown> {
    if (!isCall(content)) {
      throw new TypeError(
        "Cannot take the request: it is no list of name, arguments and keyword arguments",
      );
    }
    const [name, args, kwargs] = content;
    this.#options.onCall?.(name, args);
    return await this.#served.call(name, args, kwargs);
  }

  #reportFailure(content: unknown, error: unknown): void {
    if (this.#ending.signal.aborted) return;
    if (!isCall(content) || !CALLS_OF_RUN.includes(content[0])) return;
    this.#report(
      new Error(
        `'${
          content[0]
        }' failed: mosaik logs it and ends the simulation, but its 'run' returns as if it were complete: ${
          describeThrown(error)
        }`,
        { cause: error },
      ),
    );
  }

  #endHere(code: CloseReason["code"], message: string): void {
    this.#end({ by: "local", code, message });
  }

  /** The only code path that resolves `closed`. */
  async #end(reason: CloseReason): Promise<void> {
    if (this.#ending.signal.aborted) return;
    this.#wait?.stop();
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    this.#ending.abort(connectionClosed("go on", reason));
    await within(this.#graceMs, this.#calls);
    await this.#stopSimulator();
    await this.channel?.close();
    await this.#server?.close({ graceMs: 0 });
    observed.by?.closed(this);
    this.#closed.resolve(reason);
  }

  /** Runs `stop` of the simulator. Waits at most `stopMs` for it. */
  async #stopSimulator(): Promise<void> {
    let isOver = false;
    // Async, so that a synchronous error becomes a rejection, too.
    const stopping = (async () => await this.#simulator.stop?.())()
      .then(() => {}, (error) => this.#report(error))
      .then(() => isOver = true);
    await within(this.#stopMs, stopping);
    if (isOver) return;
    this.#report(
      new TimeoutError(
        `Cannot wait for 'stop': it has taken ${this.#stopMs} ms, speed it up or raise 'stopMs'`,
        { timeoutMs: this.#stopMs, sent: true },
      ),
    );
  }

  #report(error: unknown): void {
    this.#onError(error, { kind: "handler", address: this.address });
  }
}

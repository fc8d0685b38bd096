/**
 * Many clients of a server, in one process.
 *
 * @module
 */
import { openConnection } from "../../../rpc/deno.ts";
import type { RpcClient } from "../../../rpc/rpc_client.ts";
import { expose } from "../../../rpc/service/expose.ts";
import type { TestServer } from "../_test_server.ts";
import { Histogram } from "../_histogram.ts";
import { NumberedCalls, type Outcome } from "../_numbered_calls.ts";
import { type Endpoint, endpointOptions } from "../_endpoint.ts";
import { rest } from "../../shared/wait.ts";
import { offer } from "../_steered.ts";

/** Connections to open at once: a system queues only some until accept. */
const ENTRANCES = 64;

/** The figures of a crowd. */
export interface CrowdFigures {
  readonly outcome: Outcome;
  /** The time for which it called, in milliseconds. */
  readonly ms: number;
  readonly medianMs: number;
  readonly p99Ms: number;
}

/** Controls a crowd of clients. */
export class Crowd implements AsyncDisposable {
  readonly #clients: RpcClient<TestServer>[] = [];

  /** Opens `count` connections. */
  @expose
  async enter(endpoint: Endpoint, count: number): Promise<void> {
    let left = count;
    const options = { ...endpointOptions(endpoint), retryForMs: 10_000 };
    await Promise.all(Array.from({ length: ENTRANCES }, async () => {
      while (left-- > 0) {
        this.#clients.push(await openConnection(endpoint.address, options));
      }
    }));
  }

  /**
   * Makes all clients call one after another for `forMs`, at least once each.
   */
  @expose
  async work(forMs: number): Promise<CrowdFigures> {
    return await this.#time(async (client, call) => {
      const until = performance.now() + forMs;
      do await call(client); while (performance.now() < until);
    });
  }

  /**
   * Makes all clients call every `everyMs` for `forMs`, even while earlier
   * calls are pending. Otherwise a stalled server would get fewer calls, and
   * few waits would be long.
   */
  @expose
  async keepPace(everyMs: number, forMs: number): Promise<CrowdFigures> {
    return await this.#time(async (client, call) => {
      const calls: Promise<void>[] = [];
      const timer = setInterval(() => calls.push(call(client)), everyMs);
      await rest(forMs);
      clearInterval(timer);
      await Promise.all(calls);
    });
  }

  async #time(
    work: (
      client: RpcClient<TestServer>,
      call: (client: RpcClient<TestServer>) => Promise<void>,
    ) => Promise<void>,
  ): Promise<CrowdFigures> {
    const calls = new NumberedCalls();
    const times = new Histogram();
    const start = performance.now();
    const call = async ({ remote }: RpcClient<TestServer>) => {
      const before = performance.now();
      await calls.call((n) => remote.quick(n));
      times.add(performance.now() - before);
    };
    await Promise.all(this.#clients.map((client) => work(client, call)));
    return {
      outcome: calls.outcome(),
      ms: performance.now() - start,
      medianMs: times.quantile(0.5),
      p99Ms: times.quantile(0.99),
    };
  }

  /** Closes all connections. */
  @expose
  async leave(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((it) => it.close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave();
  }
}

if (import.meta.main) await offer(new Crowd());

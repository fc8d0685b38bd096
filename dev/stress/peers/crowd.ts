/**
 * Many clients of a hall, all in one process.
 *
 * @module
 */
import { openConnection } from "../../../rpc/deno.ts";
import type { RpcClient } from "../../../rpc/client.ts";
import { expose } from "../../../rpc/expose.ts";
import type { Hall } from "../_hall.ts";
import { Histogram } from "../_histogram.ts";
import { Numbered, type Outcome } from "../_numbered.ts";
import { type Meeting, meetingOptions } from "../_task.ts";
import { rest } from "../_weather.ts";
import { offer } from "./_parent.ts";

/** So many connect at once: a system lets only some wait to be accepted. */
const ENTRANCES = 64;

/** What a crowd tells of its work. */
export interface CrowdFigures {
  readonly outcome: Outcome;
  /** How long it worked, in milliseconds. */
  readonly ms: number;
  readonly medianMs: number;
  readonly p99Ms: number;
}

/** Steers a crowd. */
export class Crowd implements AsyncDisposable {
  readonly #clients: RpcClient<Hall>[] = [];

  /** Opens so many connections. */
  @expose
  async enter(meeting: Meeting, count: number): Promise<void> {
    let left = count;
    const options = { ...meetingOptions(meeting), retryForMs: 10_000 };
    await Promise.all(Array.from({ length: ENTRANCES }, async () => {
      while (left-- > 0) {
        this.#clients.push(await openConnection(meeting.address, options));
      }
    }));
  }

  /** All call for so long, one call after the other, and one at the least. */
  @expose
  async work(forMs: number): Promise<CrowdFigures> {
    return await this.#time(async (client, call) => {
      const until = performance.now() + forMs;
      do await call(client); while (performance.now() < until);
    });
  }

  /**
   * All call for so long, at every so many milliseconds, however long those
   * before take: else a server that stands still would be asked less, and few
   * waits would be long.
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
      client: RpcClient<Hall>,
      call: (client: RpcClient<Hall>) => Promise<void>,
    ) => Promise<void>,
  ): Promise<CrowdFigures> {
    const calls = new Numbered();
    const times = new Histogram();
    const start = performance.now();
    const call = async ({ remote }: RpcClient<Hall>) => {
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

  /** Closes all connections in order. */
  @expose
  async leave(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((it) => it.close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave();
  }
}

if (import.meta.main) await offer(new Crowd());

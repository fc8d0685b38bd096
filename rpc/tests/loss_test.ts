import { assert, assertEquals } from "@std/assert";
import { ConnectionClosedError } from "../../channel/errors.ts";
import {
  type Random,
  randomInteger,
  seededRandom,
} from "../../testing/network/random.ts";
import { withCtx } from "../../testing/ctx.ts";
import { parseAddress } from "../../transports/address.ts";
import { startProcess } from "../../transports/fixtures/start_process.ts";
import { openConnection } from "../deno.ts";
import type { RpcClient } from "../rpc_client.ts";
import { WatchedSignal } from "../../channel/fixtures/watched_signal.ts";
import { lossService } from "../fixtures/loss_service.ts";
import { withOptions } from "../options.ts";

type Service = ReturnType<typeof lossService>["served"];

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Waits until `isSo` returns true; the step's time limit applies. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turn();
}

/**
 * Concurrent calls, callbacks and streams. All must settle, or the test hangs.
 */
class Workload {
  begun = 0;
  finished = 0;
  readonly watched = new WatchedSignal();
  readonly #settled: Promise<PromiseSettledResult<unknown>[]>;

  constructor(client: RpcClient<Service>, random: Random) {
    const { signal } = this.watched;
    const remote = withOptions(client.remote, { signal, timeoutMs: 60_000 });
    const results: Promise<unknown>[] = [];
    for (let i = 0; i < 12; i++) {
      const kind = randomInteger(random, 0, 5);
      const size = randomInteger(random, 1, 200);
      results.push(this.#run(remote, kind, size));
    }
    this.#settled = Promise.allSettled(results);
  }

  async #run(remote: RpcClient<Service>["remote"], kind: number, size: number) {
    if (kind === 0) return await remote.echo("x".repeat(size));
    if (kind === 1) return await remote.never();
    if (kind === 2) return await remote.callBack((value) => value + 1, size);
    if (kind === 3) return await remote.sum(this.#numbers(size));
    const stream = await remote.count(kind === 4 ? size : 1_000_000);
    for await (const item of stream) if (item === 300) break;
  }

  async *#numbers(end: number): AsyncGenerator<number> {
    this.begun++;
    try {
      for (let i = 0; i < end; i++) yield await Promise.resolve(i);
    } finally {
      this.finished++;
    }
  }

  /** Waits until everything has settled, and checks that nothing is left. */
  async assertOver(client: RpcClient): Promise<void> {
    for (const result of await this.#settled) {
      if (result.status === "fulfilled") continue;
      assert(
        result.reason instanceof ConnectionClosedError,
        String(result.reason),
      );
    }
    await until(() => this.finished === this.begun);
    assertEquals(this.watched.listening, 0);
    assertEmpty(client);
  }
}

function assertEmpty(client: RpcClient): void {
  const {
    pendingCalls,
    unansweredRequests,
    runningCalls,
    references,
    streams,
  } = client.stats();
  assertEquals(
    { pendingCalls, unansweredRequests, runningCalls, references, streams },
    {
      pendingCalls: 0,
      unansweredRequests: 0,
      runningCalls: 0,
      references: 0,
      streams: 0,
    },
  );
}

withCtx({
  name: "a connection cut at any of 200 points leaves nothing on either side",
  timeoutMs: 20_000,
}, async (ctx) => {
  const random = seededRandom(20_260);
  for (let point = 0; point < 200; point++) {
    const { served, seen } = lossService();
    const server = await ctx.rpc.startServer(served);
    const client = await ctx.rpc.connect<Service>();
    const work = new Workload(client, random);
    const turns = randomInteger(random, 0, 25);
    for (let i = 0; i < turns; i++) await turn();
    const sides = [...server.clients] as RpcClient[];
    const [victim] = sides;
    const cutsClient = victim === undefined || random() < 0.5;
    await (cutsClient ? client : victim).close({ graceMs: 0 });
    await work.assertOver(client);
    await Promise.all(sides.map((side) => side.closed));
    await until(() => seen.begun === seen.finished && seen.listeners === 0);
    sides.forEach(assertEmpty);
    await server.close({ graceMs: 0 });
  }
});

withCtx({
  name: "a peer killed at any of 6 points leaves nothing here",
  transports: ["tcp", "unix"],
  timeoutMs: 20_000,
}, async (ctx) => {
  const random = seededRandom(7);
  const script = new URL("../fixtures/loss_server.ts", import.meta.url).href;
  for (let point = 0; point < 6; point++) {
    const { address } = ctx;
    await using victim = await startProcess(script, address);
    const client = ctx.use(
      await openConnection<Service>(victim.line, ctx.options),
    );
    const work = new Workload(client, random);
    const turns = randomInteger(random, 0, 60);
    for (let i = 0; i < turns; i++) await turn();
    const killed = victim.kill();
    await client.closed;
    await killed;
    const parsed = parseAddress(victim.line);
    if ("path" in parsed) await Deno.remove(parsed.path);
    await work.assertOver(client);
  }
});

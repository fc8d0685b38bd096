import { assert, assertEquals, assertRejects } from "@std/assert";
import { ConnectionClosedError, RemoteError } from "../../channel/errors.ts";
import { AgentNotFoundError } from "../../rpc/errors.ts";
import { call } from "../../rpc/call.ts";
import { notify, withOptions } from "../../rpc/options.ts";
import type { Remote } from "../../rpc/remote.ts";
import { expose } from "../../rpc/service/expose.ts";
import { withCtx } from "../../testing/ctx.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import { ConnectError } from "../../transports/errors.ts";
import { Agent } from "../agent.ts";
import type { Container } from "../container.ts";
import { aborted, until } from "../fixtures/until.ts";
import { reopen } from "../fixtures/reopen.ts";

/** The starts of each method, over all lives of the agent. */
interface Begun {
  once: number;
  twice: number;
  heard: number;
}

class Worker extends Agent {
  readonly #begun: Begun;

  constructor(container: Container, begun: Begun) {
    super(container, { id: "worker" });
    this.#begun = begun;
  }

  /** Never ends in its first run. */
  @expose
  async once(): Promise<number> {
    if (++this.#begun.once === 1) await aborted(call().signal);
    return this.#begun.once;
  }

  @expose({ idempotent: true })
  async twice(): Promise<number> {
    if (++this.#begun.twice === 1) await aborted(call().signal);
    return this.#begun.twice;
  }

  /** Fails like a call of a missing agent, but has run. */
  @expose
  async ask(address: string): Promise<void> {
    this.#begun.heard++;
    await this.container.connect(address);
  }

  @expose
  hear(): number {
    return ++this.#begun.heard;
  }

  @expose
  async sum(items: AsyncIterable<number>): Promise<number> {
    let sum = 0;
    for await (const item of items) sum += item;
    return sum;
  }
}

class Holder extends Agent {
  worker: Remote<Worker> | null = null;

  @expose
  take(worker: Remote<Worker>): void {
    this.worker = worker;
  }
}

/**
 * Returns a worker, and a function that restarts its container at the same
 * address.
 */
async function start(ctx: Ctx) {
  const begun: Begun = { once: 0, twice: 0, heard: 0 };
  const first = await ctx.createContainer();
  const { address } = await first.spawn(Worker, begun);
  const restart = async () => {
    await first.close({ graceMs: 0 });
    const second = ctx.use(await reopen(first.address, ctx.options));
    await second.spawn(Worker, begun);
  };
  return { begun, first, address, restart };
}

withCtx("a proxy of an agent outlives its connection", async (ctx) => {
  const here = await ctx.createContainer({ allowConnect: () => true });
  const { begun, address, restart } = await start(ctx);
  const connected = await here.connect<Worker>(address);
  const holder = await here.spawn(Holder);
  const third = await ctx.createContainer();
  const held = await third.connect<Holder>(holder.address);
  await held.take(await third.connect<Worker>(address));
  const passed = holder.worker!;
  assertEquals(await connected.hear() + await passed.hear(), 3);
  await restart();
  // Otherwise a call might be sent, and even run, on the old connection.
  await until(() => here.stats().connections === 0);
  assertEquals([await connected.hear(), await passed.hear()], [3, 4]);
  notify(connected).hear();
  await until(() => begun.heard === 5);
  assertEquals(await here.connect<Worker>(address), connected);
});

withCtx(
  "a call that has lost its connection is made again only if that is safe",
  async (ctx) => {
    const here = await ctx.createContainer();
    const { begun, address, restart } = await start(ctx);
    const worker = await here.connect<Worker>(address, { retryForMs: 10_000 });
    const once = worker.once();
    await until(() => begun.once === 1);
    const [lost] = await Promise.allSettled([once, restart()]);
    assert(lost.status === "rejected");
    assert(lost.reason instanceof ConnectionClosedError && lost.reason.sent);
    assertEquals(begun.once, 1);
    assertEquals(await worker.once(), 2);
  },
);

withCtx("a call of an idempotent method is made again", async (ctx) => {
  const here = await ctx.createContainer();
  const { begun, address, restart } = await start(ctx);
  const worker = await here.connect<Worker>(address, { retryForMs: 10_000 });
  const twice = worker.twice();
  await until(() => begun.twice === 1);
  await restart();
  assertEquals(await twice, 2);
});

withCtx(
  "calls wait for an agent that is away, as long as its proxy was asked to",
  async (ctx) => {
    const here = await ctx.createContainer();
    const { address, first, restart } = await start(ctx);
    const hurried = await here.connect<Worker>(address);
    const patient = await here.connect<Worker>(address, { retryForMs: 10_000 });
    await first.close();
    await assertRejects(() => hurried.hear(), ConnectError);
    const waiting = patient.hear();
    const late = withOptions(patient, { timeoutMs: 5 }).hear();
    await assertRejects(() => late, Error);
    const given = new AbortController();
    const cancelled = withOptions(patient, { signal: given.signal }).hear();
    given.abort(new RangeError("enough"));
    await assertRejects(() => cancelled, RangeError);
    await restart();
    assertEquals(await waiting, 1);
    assertEquals(await hurried.hear(), 2);
  },
);

withCtx(
  "calls wait for an agent that starts again in the same container",
  async (ctx) => {
    const here = await ctx.createContainer();
    const { begun, address, first } = await start(ctx);
    const hurried = await here.connect<Worker>(address);
    const patient = await here.connect<Worker>(address, { retryForMs: 10_000 });
    await first.agents.get("worker")!.close();
    await assertRejects(() => hurried.hear(), AgentNotFoundError);
    const waiting = patient.hear();
    // Answered after the waiting call, which has found no agent by then.
    await assertRejects(() => hurried.hear(), AgentNotFoundError);
    await first.spawn(Worker, begun);
    assertEquals(await waiting, 1);
    assertEquals(begun.heard, 1);
  },
);

withCtx("a call that has passed a stream is not made again", async (ctx) => {
  const here = await ctx.createContainer();
  const { address, restart } = await start(ctx);
  const worker = await here.connect<Worker>(address, { retryForMs: 10_000 });
  await restart();
  async function* items() {
    yield* [1, 2];
  }
  // The first call notices that the connection is gone.
  await worker.sum(items()).catch(() => {});
  assertEquals(await worker.sum(items()), 3);
});

withCtx("calls of a container that closes say so at once", async (ctx) => {
  const here = await ctx.createContainer();
  const { address } = await start(ctx);
  const worker = await here.connect<Worker>(address, { retryForMs: 10_000 });
  const once = worker.once();
  const rejected = assertRejects(() => once, ConnectionClosedError);
  await here.close();
  await rejected;
  await assertRejects(() => worker.hear(), Error);
});

withCtx("a method that cannot connect itself runs once", async (ctx) => {
  const here = await ctx.createContainer();
  const { begun, address, first, restart } = await start(ctx);
  const worker = await here.connect<Worker>(address, { retryForMs: 1_000 });
  const nobody = `${first.address}/nobody`;
  const elsewhere = await ctx.createContainer();
  const away = `${elsewhere.address}/0`;
  await elsewhere.close();
  for (const isLost of [false, true]) {
    begun.heard = 0;
    if (isLost) {
      await restart();
      await until(() => here.stats().connections === 0);
    }
    await assertRejects(() => worker.ask(nobody), AgentNotFoundError);
    await assertRejects(() => worker.ask(away), RemoteError);
    assertEquals(begun.heard, 2);
  }
});

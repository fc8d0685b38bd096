import { openReconnecting } from "../reconnect/open.ts";
import { openConnection } from "../rpc/client.ts";
import { expose } from "../rpc/expose.ts";
import type { Remote } from "../rpc/remote.ts";
import { type Random, randomInteger } from "../testing/_random.ts";
import { nextTurn } from "../testing/_within.ts";
import { Accounts } from "./_accounts.ts";
import { visitUntil } from "./_clients.ts";
import { checkHandlerErrors } from "./_errors.ts";
import type { TrialWorld } from "./_trial.ts";
import { storm } from "./_weather.ts";

/** So often the sides ask for a sign of life, in milliseconds. */
const HEARTBEAT_MS = 30;
/** How long a call waits, in milliseconds. */
const TIMEOUT_MS = 400;

/** What the server of the storm offers. */
class Works {
  producers = 0;
  readonly #accounts: Accounts;

  constructor(accounts: Accounts) {
    this.#accounts = accounts;
  }

  @expose
  once(n: number): number {
    return this.#accounts.run(n);
  }

  @expose({ idempotent: true })
  often(n: number): number {
    return this.#accounts.run(n);
  }

  @expose
  async slow(n: number): Promise<number> {
    this.#accounts.run(n);
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    return n;
  }

  @expose
  async back(n: number, ask: (n: number) => Promise<number>): Promise<number> {
    this.#accounts.run(n);
    for (let times = 0; times < 3; times++) await ask(times);
    return n;
  }

  @expose
  async *count(n: number, end: number): AsyncGenerator<number> {
    this.#accounts.run(n);
    this.producers++;
    try {
      for (let item = 0; item < end; item++) yield await Promise.resolve(item);
    } finally {
      this.producers--;
    }
  }

  @expose
  async sum(n: number, items: AsyncIterable<number>): Promise<number> {
    this.#accounts.run(n);
    for await (const _ of items);
    return n;
  }
}

/** RPC under a storm: calls, callbacks, streams, and clients that reconnect. */
export async function stormRpc(world: TrialWorld): Promise<void> {
  const { ctx, random, tally, name, until } = world;
  const { network } = ctx;
  const accounts = new Accounts(name, tally);
  const works = new Works(accounts);
  const options = { heartbeatMs: HEARTBEAT_MS };
  const server = await ctx.rpc.startServer(works, options);
  const work = async (remote: Remote<Works>) => {
    const calls = Array.from(
      { length: randomInteger(random, 1, 10) },
      () => callOne(remote, random, accounts, world),
    );
    await Promise.all(calls);
  };
  const open = () => ({
    ...ctx.options,
    ...options,
    timeoutMs: TIMEOUT_MS,
    signal: AbortSignal.timeout(until - performance.now() + 300),
  });
  const visit = async () => {
    const client = await openConnection<Works>(server.address, open());
    const working = work(client.remote);
    if (random() < 0.3) {
      tally.add("clients killed");
      await nextTurn();
      await client.close({ graceMs: 0 });
    }
    await working;
    await client.close({ graceMs: 50 });
  };
  const last = async () => {
    await using client = await openReconnecting<Works>(server.address, {
      ...open(),
      firstWaitMs: 1,
      longestWaitMs: 20,
    });
    while (performance.now() < until) await work(client.remote);
    tally.add("reconnections", client.stats().connections - 1);
  };
  await Promise.all([
    storm(network, random, until, tally),
    ...visitUntil(4, visit, world),
    ...visitUntil(2, last, world),
  ]);
  await server.close({ graceMs: 200 });
  for (let turn = 0; turn < 100 && works.producers > 0; turn++) {
    await nextTurn();
  }
  if (works.producers > 0) {
    tally.breach(`${name}: ${works.producers} streams were never ended`);
  }
  accounts.close();
  checkHandlerErrors(world);
}

async function callOne(
  remote: Remote<Works>,
  random: Random,
  accounts: Accounts,
  { tally }: TrialWorld,
): Promise<void> {
  const kind = randomInteger(random, 0, 5);
  const size = randomInteger(random, 0, 300);
  switch (kind) {
    case 0:
      return void await accounts.call({ kind: "once" }, (n) => remote.once(n));
    case 1:
      return void await accounts.call(
        { kind: "often", isIdempotent: true },
        (n) => remote.often(n),
      );
    case 2:
      return void await accounts.call({ kind: "slow" }, (n) => remote.slow(n));
    case 3:
      return void await accounts.call({ kind: "back" }, (n) => {
        tally.add("callbacks given");
        return remote.back(n, (value) => Promise.resolve(value));
      });
    case 4:
      return void await accounts.call(
        { kind: "sum" },
        (n) => remote.sum(n, numbers(size)),
      );
    default:
      return void await accounts.call({ kind: "count" }, async (n) => {
        tally.add("streams");
        await readAll(await remote.count(n, size), size);
        return n;
      });
  }
}

async function* numbers(end: number): AsyncGenerator<number> {
  for (let item = 0; item < end; item++) yield await Promise.resolve(item);
}

/** Reads a stream, which must have no gap. */
async function readAll(
  stream: AsyncIterable<number>,
  size: number,
): Promise<void> {
  let wanted = 0;
  for await (const item of stream) {
    if (item !== wanted++) {
      throw new Error(`item ${item} came as ${wanted - 1}`);
    }
  }
  if (wanted !== size) throw new Error(`${wanted} items came, wanted ${size}`);
}

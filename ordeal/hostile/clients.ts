import { openConnection, type RpcClient } from "../../rpc/client.ts";
import type { Remote } from "../../rpc/remote.ts";
import { nextTurn, settledWithin } from "../../testing/_within.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import { Bank, bankPlans, guard } from "./bank.ts";
import { Effects } from "./effects.ts";
import {
  type AttackLog,
  type AttackOptions,
  memoryBytes,
  peerOptions,
  tellEffects,
} from "./log.ts";
import { HostileServer } from "./server.ts";

/** How long a call of a client waits, in milliseconds. */
const TIMEOUT_MS = 100;
/** When it must have settled at the latest, in milliseconds. */
const SETTLED_MS = 3_000;
/** How many clients visit a hostile server at once. */
const CLIENTS = 4;
/** How many frames a hostile server sends unasked at once. */
const FRAMES = 25;

/**
 * Has honest clients call hostile servers, which lie in their answers and call
 * what the clients offer. Each call has to settle in time, and nothing that was
 * not allowed may happen.
 */
export async function attackClients(
  ctx: Ctx,
  options: AttackOptions,
): Promise<void> {
  const { log, goesOn } = options;
  const effects = new Effects();
  let frames = 0;
  await using server = await HostileServer.listen(ctx, {
    ...peerOptions(ctx, options, effects),
    prey: {
      typeId: 0,
      plans: bankPlans(),
      forbidden: ["open", "admin/shutdown", "hidden"],
      addresses: [],
    },
    count: (kind) => {
      frames++;
      log.count(kind);
    },
  });
  const before = await memoryBytes();
  const visits = Array.from({ length: CLIENTS }, async () => {
    while (goesOn(frames)) await visit(ctx, server, effects, log);
  });
  const bursts = (async () => {
    while (goesOn(frames)) {
      for (const peer of server.peers) peer.burst(FRAMES);
      await nextTurn();
    }
  })();
  await Promise.all([...visits, bursts]);
  await tellEffects(ctx, effects, log, before);
}

async function visit(
  ctx: Ctx,
  server: HostileServer,
  effects: Effects,
  log: AttackLog,
): Promise<void> {
  const client = await openConnection<Bank>(server.address, {
    ...ctx.options,
    service: new Bank(effects),
    serving: [guard],
    timeoutMs: TIMEOUT_MS,
  });
  try {
    for (let round = 0; round < 3; round++) await callAll(client, log);
  } finally {
    const closing = await settledWithin(client.close(), SETTLED_MS);
    if (closing === null) log.breach("a client is not closed in time");
  }
}

async function callAll(
  { remote }: RpcClient<Bank>,
  log: AttackLog,
): Promise<void> {
  const start = performance.now();
  const calls = Promise.allSettled([
    remote.echo({ a: [1] }),
    remote.tell((value) => value, 1),
    remote.each([1, 2], async (value) => await value),
    remote.sum(numbers()),
    readSome(remote),
    remote.make().then((made) => made(1)),
    remote.payLater({ amount: 1 }),
    remote.store({ call: (value: unknown) => value }),
  ]);
  if (await settledWithin(calls, SETTLED_MS) === null) {
    log.breach(`calls of a client are not settled in ${SETTLED_MS} ms`);
  }
  log.honest(performance.now() - start);
}

async function* numbers(): AsyncGenerator<number> {
  for (let n = 0; n < 100; n++) yield await Promise.resolve(n);
}

/** A stream of a liar may never go on: it is left when its time is over. */
async function readSome(remote: Remote<Bank>): Promise<void> {
  const stream = await remote.count(100);
  const reading = (async () => {
    for await (const _ of stream) {
      // What comes is of no interest.
    }
  })();
  reading.catch(() => {});
  await settledWithin(reading, TIMEOUT_MS);
  await settledWithin(
    Promise.resolve(stream[Symbol.asyncDispose]()),
    TIMEOUT_MS,
  );
}

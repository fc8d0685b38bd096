import { openReconnecting } from "../../../rpc/reconnect/deno.ts";
import { openConnection } from "../../../rpc/deno.ts";
import type { RpcClient } from "../../../rpc/client.ts";
import type { Remote } from "../../../rpc/remote.ts";
import type { DirectoryClient } from "../../../agent/directory/client.ts";
import { findDirectory } from "../../../agent/directory/find.ts";
import { nextTurn, settledWithin } from "../../../testing/step/_within.ts";
import type { Ctx } from "../../../testing/ctx_contract.ts";
import { Teller } from "./agent_targets.ts";
import { Bank, bankPlans, guard } from "./bank.ts";
import { Effects } from "./effects.ts";
import {
  type AttackLog,
  type AttackOptions,
  memoryBytes,
  peerOptions,
  tellEffects,
} from "./log.ts";
import type { Prey } from "./peer.ts";
import { HostileServer } from "./server.ts";

/** How long a call of a client waits, in milliseconds. */
const TIMEOUT_MS = 100;
/** When it must have settled at the latest, in milliseconds. */
const SETTLED_MS = 3_000;
/** How many clients visit a hostile server at once. */
const CLIENTS = 4;
/** How many visits there were. */
let visits = 0;
/** How many frames a hostile server sends unasked at once. */
const FRAMES = 25;

/** Who visits a hostile server, until it is told to end. */
type Visit = (
  ctx: Ctx,
  server: HostileServer,
  effects: Effects,
  log: AttackLog,
) => Promise<void>;

/**
 * Has honest clients call hostile servers, which lie in their answers and call
 * what the clients offer. Each call has to settle in time, and nothing that was
 * not allowed may happen.
 */
export async function attackClients(
  ctx: Ctx,
  options: AttackOptions,
): Promise<void> {
  await attackVisitors(ctx, options, {
    typeId: 0,
    plans: bankPlans(),
    forbidden: ["open", "admin/shutdown", "hidden"],
    addresses: [],
  }, visit);
}

/** The same for containers, whose agents connect to hostile ones. */
export async function attackContainers(
  ctx: Ctx,
  options: AttackOptions,
): Promise<void> {
  await attackVisitors(ctx, options, {
    typeId: 1,
    plans: [
      ...bankPlans("agents/bank/desk/"),
      ["validate_aid", (lies) => [lies.name()]],
      ["watch_aid", (lies) => [lies.name()]],
    ],
    forbidden: ["agents/bank/desk/open", "agents/bank/desk/admin/shutdown"],
    addresses: ["local://nobody/0"],
  }, visitByContainer);
}

async function attackVisitors(
  ctx: Ctx,
  options: AttackOptions,
  prey: Prey,
  visit: Visit,
): Promise<void> {
  const { log, goesOn } = options;
  const effects = new Effects();
  let frames = 0;
  await using server = await HostileServer.listen(ctx, {
    ...peerOptions(ctx, options, effects),
    prey,
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

async function visitByContainer(
  ctx: Ctx,
  server: HostileServer,
  effects: Effects,
  log: AttackLog,
): Promise<void> {
  const container = await ctx.createContainer({
    middleware: { requests: [guard] },
    timeoutMs: TIMEOUT_MS,
  });
  const bank = await container.spawn(Teller, effects);
  const start = performance.now();
  const end = new AbortController();
  const { signal } = end;
  const uses = Promise.allSettled([
    container.connect<Teller>(`${server.address}/0`, { signal })
      .then(async (teller) => {
        effects.printed(String(teller));
        await teller.desk.store(bank);
        await teller.desk.tell(() => bank, bank);
      }),
    container.watch(`${server.address}/0`, { signal })
      .then(({ message: reason }) => effects.printed(reason)),
    findDirectory(container, `${server.address}/directory`, {
      signal,
      onError: () => {},
    }).then((directory) => useDirectory(directory, bank, signal, effects)),
  ]);
  await settledWithin(uses, 2 * TIMEOUT_MS);
  end.abort();
  const ended = Promise.all([container.close(), uses]);
  if (await settledWithin(ended, SETTLED_MS) === null) {
    log.breach("a container and its calls are not ended in time");
  }
  log.honest(performance.now() - start);
}

/** Does with a directory that lies all that there is. */
async function useDirectory(
  directory: DirectoryClient,
  bank: Teller,
  signal: AbortSignal,
  effects: Effects,
): Promise<void> {
  await Promise.allSettled([
    directory.lookUp({ type: "any" }).then((entries) => {
      for (const { type } of entries) effects.printed(type);
    }),
    directory.connectOne<Teller>().then((teller) => teller.desk.echo(1)),
    directory.register(bank, { type: "bank" }),
    (async () => {
      for await (const { entry } of directory.subscribe({ signal })) {
        effects.printed(entry.type);
      }
    })(),
  ]);
}

async function visit(
  ctx: Ctx,
  server: HostileServer,
  effects: Effects,
  log: AttackLog,
): Promise<void> {
  const options = {
    ...ctx.options,
    service: new Bank(effects),
    middleware: { requests: [guard] },
    timeoutMs: TIMEOUT_MS,
  };
  // Every other one comes back by itself.
  const client = visits++ % 2 === 0
    ? await openConnection<Bank>(server.address, options)
    : await openReconnecting<Bank>(server.address, {
      ...options,
      backoff: { initialMs: 1, maxMs: 10 },
    });
  try {
    for (let round = 0; round < 3; round++) await callAll(client, log);
  } finally {
    const closing = await settledWithin(client.close(), SETTLED_MS);
    if (closing === null) log.breach("a client is not closed in time");
  }
}

async function callAll(
  { remote }: Pick<RpcClient<Bank>, "remote">,
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

import { expose } from "../rpc/expose.ts";
import type { Remote } from "../rpc/remote.ts";
import { Accounts } from "./_accounts.ts";
import type { TrialWorld } from "./_trial.ts";
import { rest } from "./_weather.ts";

/** How many requests one client keeps under way. */
const FLOOD = 5_000;
/** How long each of them takes, in milliseconds. */
const SLOW_MS = 20;
/** How many other clients there are. */
const OTHERS = 4;
/** What the others must never wait longer than, in milliseconds. */
const LONGEST_MS = 5_000;

class Hall {
  readonly #accounts: Accounts;
  constructor(accounts: Accounts) {
    this.#accounts = accounts;
  }
  @expose
  quick(n: number): number {
    return this.#accounts.run(n);
  }
  @expose
  async slow(n: number): Promise<number> {
    this.#accounts.run(n);
    await rest(SLOW_MS);
    return n;
  }
}

/** A flood of requests to a slow handler, while other clients are timed. */
export async function flood(world: TrialWorld): Promise<void> {
  const { ctx, tally, name, until } = world;
  const accounts = new Accounts(name, tally);
  await ctx.rpc.startServer(new Hall(accounts));
  const clients = await Promise.all(
    Array.from({ length: OTHERS }, () => ctx.rpc.connect<Hall>()),
  );
  const { remote: flooder } = await ctx.rpc.connect<Hall>();
  const middle = performance.now() + (until - performance.now()) / 3;
  const timeAll = (what: string, end: number) =>
    Promise.all(
      clients.map(({ remote }) => timeOne(remote, accounts, what, end, world)),
    );
  await timeAll(`quiet, ${ctx.transport}`, middle);
  let isOver = false;
  const pour = async () => {
    while (!isOver) {
      await accounts.call({ kind: "flood" }, (n) => flooder.slow(n));
    }
  };
  const pouring = Array.from({ length: FLOOD }, pour);
  await timeAll(`flooded, ${ctx.transport}`, until);
  isOver = true;
  await Promise.all(pouring);
  accounts.close();
}

async function timeOne(
  remote: Remote<Hall>,
  accounts: Accounts,
  what: string,
  until: number,
  { tally, name }: TrialWorld,
): Promise<void> {
  while (performance.now() < until) {
    const start = performance.now();
    const isAnswered = await accounts.call(
      { kind: "beside a flood" },
      (n) => remote.quick(n),
    );
    const ms = performance.now() - start;
    tally.time(what, ms);
    if (!isAnswered) tally.breach(`${name}: a call beside the flood failed`);
    if (ms > LONGEST_MS) {
      tally.breach(`${name}: a call beside the flood took ${ms} ms`);
    }
  }
}

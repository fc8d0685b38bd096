import { call } from "../../rpc/call.ts";
import { expose } from "../../rpc/service/expose.ts";
import type { Remote } from "../../rpc/remote.ts";
import { type Random, randomInteger } from "../../testing/network/random.ts";
import { nextTurn } from "../../testing/fixtures/next_turn.ts";
import type { CallLog } from "./_call_log.ts";

/** The service of the servers in storms. */
export class TestService {
  /** Open streams and hanging calls. */
  underWay = 0;
  readonly #log: CallLog;

  constructor(log: CallLog) {
    this.#log = log;
  }

  @expose
  once(n: number): number {
    return this.#log.run(n);
  }

  @expose({ idempotent: true })
  often(n: number): number {
    return this.#log.run(n);
  }

  @expose
  async slow(n: number): Promise<number> {
    this.#log.run(n);
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    return n;
  }

  /** Ends when its caller aborts it or is lost. */
  @expose
  async hang(n: number): Promise<number> {
    this.#log.run(n);
    const { signal } = call();
    this.underWay++;
    await new Promise((resolve) =>
      signal.addEventListener("abort", resolve, { once: true })
    );
    this.underWay--;
    return n;
  }

  @expose
  async back(n: number, ask: (n: number) => Promise<number>): Promise<number> {
    this.#log.run(n);
    for (let times = 0; times < 3; times++) {
      await this.#log.call({ kind: "callback" }, ask);
    }
    return n;
  }

  @expose
  async *count(n: number, end: number): AsyncGenerator<number> {
    this.#log.run(n);
    this.underWay++;
    try {
      yield* numbers(end);
    } finally {
      this.underWay--;
    }
  }

  @expose
  async sum(n: number, items: AsyncIterable<number>): Promise<number> {
    this.#log.run(n);
    for await (const _ of items);
    return n;
  }
}

/** Makes a few random calls in parallel and waits for them. Never rejects. */
export async function callSome(
  remote: Remote<TestService>,
  random: Random,
  log: CallLog,
): Promise<void> {
  await Promise.all(
    Array.from(
      { length: randomInteger(random, 1, 10) },
      () => callOne(remote, random, log),
    ),
  );
}

async function callOne(
  remote: Remote<TestService>,
  random: Random,
  log: CallLog,
): Promise<void> {
  const kind = randomInteger(random, 0, 5);
  const size = randomInteger(random, 0, 300);
  switch (kind) {
    case 0:
      return void await log.call({ kind: "once" }, (n) => remote.once(n));
    case 1:
      return void await log.call(
        { kind: "often", isIdempotent: true },
        (n) => remote.often(n),
      );
    case 2:
      return void await log.call({ kind: "slow" }, (n) => remote.slow(n));
    case 3:
      return void await log.call(
        { kind: "back" },
        (n) => remote.back(n, (m) => Promise.resolve(log.run(m))),
      );
    case 4:
      return void await log.call(
        { kind: "stream up" },
        (n) => remote.sum(n, numbers(size)),
      );
    default:
      return void await log.call({ kind: "stream down" }, async (n) => {
        await readAll(await remote.count(n, size), size);
        return n;
      });
  }
}

async function* numbers(end: number): AsyncGenerator<number> {
  for (let item = 0; item < end; item++) yield await Promise.resolve(item);
}

/** Reads a stream, which must have no gaps. */
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

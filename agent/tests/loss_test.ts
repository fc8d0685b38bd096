import { assert, assertEquals } from "@std/assert";
import { ConnectionClosedError, RemoteError } from "../../channel/errors.ts";
import { call } from "../../rpc/call.ts";
import { AgentNotFoundError } from "../../rpc/errors.ts";
import { expose } from "../../rpc/service/expose.ts";
import { WatchedSignal } from "../../channel/fixtures/watched_signal.ts";
import { withOptions } from "../../rpc/options.ts";
import type { Remote } from "../../rpc/remote.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import { withCtx } from "../../testing/ctx.ts";
import {
  type Random,
  randomInteger,
  seededRandom,
} from "../../testing/network/random.ts";
import { nextTurn } from "../../testing/fixtures/next_turn.ts";
import { ConnectError } from "../../transports/errors.ts";
import { transportOf } from "../../testing/fixtures/transport_of.ts";
import type { Connection, Transport } from "../../transports/transport.ts";
import { Agent } from "../agent.ts";
import type { Container } from "../container.ts";
import { ContainerClosedError } from "../errors.ts";
import { tablesOf } from "../fixtures/tables.ts";
import { until } from "../fixtures/until.ts";

/** A transport whose connections a test can cut. */
class CutTransport implements Transport {
  readonly scheme: string;
  readonly listen: Transport["listen"];
  readonly made: Connection[] = [];
  readonly #base: Transport;
  constructor(base: Transport) {
    this.#base = base;
    this.scheme = this.#base.scheme;
    this.listen = this.#base.listen;
  }
  async connect(...args: Parameters<Transport["connect"]>) {
    const connection = await this.#base.connect(...args);
    this.made.push(connection);
    return connection;
  }
}

/** The counts of all methods and streams of a point. */
interface Seen {
  begun: number;
  finished: number;
  listeners: number;
}

class Peer extends Agent {
  readonly #seen: Seen;
  constructor(container: Container, seen: Seen) {
    super(container);
    this.#seen = seen;
    this.run(async (signal) => {
      while (!signal.aborted) await nextTurn();
    });
  }
  @expose
  echo(value: string): string {
    return value;
  }
  @expose
  never(): Promise<void> {
    const { signal } = call();
    this.#seen.listeners++;
    return new Promise((_, reject) =>
      signal.addEventListener("abort", () => {
        this.#seen.listeners--;
        reject(signal.reason);
      })
    );
  }
  @expose
  async callBack(back: (value: number) => unknown, count: number) {
    for (let i = 0; i < count; i++) await back(i);
  }
  @expose
  async askOther(other: Remote<Peer>): Promise<string> {
    return await other.echo("there");
  }
  @expose
  async *count(end: number): AsyncGenerator<number> {
    this.#seen.begun++;
    try {
      for (let i = 0; i < end; i++) yield await Promise.resolve(i);
    } finally {
      this.#seen.finished++;
    }
  }
}

/** Three containers with one agent each, which all call each other. */
class Point {
  readonly seen: Seen = { begun: 0, finished: 0, listeners: 0 };
  readonly watched = new WatchedSignal();
  readonly #random: Random;
  readonly #containers: Container[];
  readonly #transport: CutTransport;
  #work: Promise<PromiseSettledResult<unknown>[]> = Promise.resolve([]);

  constructor(
    random: Random,
    containers: Container[],
    transport: CutTransport,
  ) {
    this.#random = random;
    this.#containers = containers;
    this.#transport = transport;
  }

  async begin(): Promise<void> {
    const agents = [];
    for (const container of this.#containers) {
      agents.push(await container.spawn(Peer, this.seen));
    }
    const work = [];
    for (let i = 0; i < 12; i++) {
      const from = this.#containers[randomInteger(this.#random, 0, 2)]!;
      const to = agents[randomInteger(this.#random, 0, 2)]!;
      const third = agents[randomInteger(this.#random, 0, 2)]!;
      work.push(this.#run(from, to.address, third.address));
    }
    this.#work = Promise.allSettled(work);
  }

  async #run(from: Container, to: string, third: string): Promise<unknown> {
    const kind = randomInteger(this.#random, 0, 6);
    const size = randomInteger(this.#random, 1, 50);
    const { signal } = this.watched;
    if (kind === 0) return await from.watch(to, { signal });
    const proxy = withOptions(
      await from.connect<Peer>(to, { signal }),
      { signal, timeoutMs: 60_000 },
    );
    if (kind === 1) return await proxy.echo("x".repeat(size));
    if (kind === 2) return await proxy.never();
    if (kind === 3) return await proxy.callBack((value) => value, size);
    if (kind === 4) {
      return await proxy.askOther(await from.connect<Peer>(third, { signal }));
    }
    const stream = await proxy.count(kind === 5 ? size : 1_000_000);
    for await (const item of stream) if (item === 300) break;
    return null;
  }

  /** Cuts a connection, or closes an agent or a container, without warning. */
  async cut(): Promise<void> {
    const turns = randomInteger(this.#random, 0, 25);
    for (let i = 0; i < turns; i++) await nextTurn();
    const victim = this.#containers[randomInteger(this.#random, 0, 2)]!;
    const kind = randomInteger(this.#random, 0, 3);
    if (kind === 0) await victim.close({ graceMs: 0 });
    if (kind === 1) {
      for (const it of victim.agents.values()) {
        await it.close();
      }
    }
    const { made } = this.#transport;
    if (kind === 2) { for (const it of made) end(it); }
    if (kind === 3) made.slice(-1).forEach(end);
  }

  /**
   * Closes everything, and checks that all calls are settled and nothing is
   * left.
   */
  async end(): Promise<void> {
    await Promise.all(
      this.#containers.map((it) => it.close({ graceMs: 0 })),
    );
    for (const result of await this.#work) {
      if (result.status === "fulfilled") continue;
      assert(isLoss(result.reason), String(result.reason));
    }
    const { seen, watched } = this;
    await until(() => seen.begun === seen.finished && seen.listeners === 0);
    assertEquals(watched.listening, 0);
    for (const container of this.#containers) {
      await until(() => container.stats().watches === 0);
      const sizes = tablesOf(container.stats());
      assertEquals(sizes, sizes.map(() => 0));
    }
  }
}

/** Ends a connection, even if its channel has not. */
function end({ stream }: Connection): void {
  stream.closeWrite().catch(() => {});
}

/** Returns whether an error means that something was closed or cut. */
function isLoss(error: unknown): boolean {
  const kinds = [
    ConnectionClosedError,
    ConnectError,
    ContainerClosedError,
    AgentNotFoundError,
    // A method reports the failure of its own call in this way.
    RemoteError,
  ];
  return kinds.some((kind) => error instanceof kind);
}

async function begin(ctx: Ctx, random: Random): Promise<Point> {
  const transport = new CutTransport(transportOf(ctx.address));
  const containers = [];
  for (let i = 0; i < 3; i++) {
    containers.push(await ctx.createContainer({ transports: [transport] }));
  }
  const point = new Point(random, containers, transport);
  await point.begin();
  return point;
}

withCtx({
  name: "agents cut off at any of 200 points leave nothing in any container",
  timeoutMs: 120_000,
}, async (ctx) => {
  const random = seededRandom(20_261);
  for (let i = 0; i < 200; i++) {
    const point = await begin(ctx, random);
    await point.cut();
    await point.end();
  }
  assertEquals(ctx.takeHandlerErrors(), []);
});

import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { FakeTime } from "../testing/fixtures/fake_time.ts";
import {
  StreamListener,
  type StreamListenerOptions,
} from "./_stream_listener.ts";
import { observe, observed } from "./_observers.ts";

/** A `Deno.Listener` whose accepts a test controls. */
class FakeListener {
  /** The names of all calls except `accept`. */
  readonly calls: string[] = [];
  /** The number of calls of `accept`. */
  accepts = 0;
  #pending = Promise.withResolvers<Deno.Conn>();

  accept(): Promise<Deno.Conn> {
    this.accepts++;
    this.#pending = Promise.withResolvers();
    return this.#pending.promise;
  }

  arrive(conn: Deno.Conn): void {
    this.#pending.resolve(conn);
  }

  fail(error: Error): void {
    this.#pending.reject(error);
  }

  close(): void {
    this.calls.push("close");
    this.#pending.reject(new Deno.errors.BadResource("closed"));
  }

  ref(): void {
    this.calls.push("ref");
  }

  unref(): void {
    this.calls.push("unref");
  }
}

function fakeConn(): Deno.Conn & { isClosed: boolean } {
  const conn = { isClosed: false, close: () => void (conn.isClosed = true) };
  return conn as Deno.Conn & { isClosed: boolean };
}

interface Setup {
  readonly fake: FakeListener;
  readonly listener: StreamListener<Deno.Conn>;
  readonly accepted: Deno.Conn[];
  readonly errors: unknown[];
}

function setUp(options: Partial<StreamListenerOptions<Deno.Conn>> = {}): Setup {
  const fake = new FakeListener();
  const accepted: Deno.Conn[] = [];
  const errors: unknown[] = [];
  const listener = new StreamListener(fake as unknown as Deno.Listener, {
    address: "fake://here",
    accept: (conn) => void accepted.push(conn),
    onError: (error) => void errors.push(error),
    ...options,
  });
  return { fake, listener, accepted, errors };
}

async function turn(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Records the timers set while `act` runs. They fire by hand. */
async function withTimers(
  act: (timers: Map<number, () => void>) => Promise<void>,
): Promise<void> {
  const timers = new Map<number, () => void>();
  const { setTimeout, clearTimeout } = globalThis;
  let ids = 0;
  Object.assign(globalThis, {
    setTimeout: (callback: () => void) => {
      timers.set(++ids, callback);
      return ids;
    },
    clearTimeout: (id: number) => timers.delete(id),
  });
  try {
    await act(timers);
  } finally {
    Object.assign(globalThis, { setTimeout, clearTimeout });
  }
}

Deno.test("StreamListener hands over each connection until it is closed", async () => {
  const { fake, listener, accepted, errors } = setUp();
  const conns = [fakeConn(), fakeConn(), fakeConn()];
  for (const conn of conns) {
    fake.arrive(conn);
    await turn();
  }
  await listener.close();
  assertEquals(accepted.map((conn, n) => conn === conns[n]), [
    true,
    true,
    true,
  ]);
  assertEquals([errors, fake.calls, fake.accepts], [[], ["close"], 4]);
});

Deno.test("StreamListener reports a failing accept, pauses and goes on", async () => {
  await withTimers(async (timers) => {
    const { fake, listener, accepted, errors } = setUp();
    const error = new Error("Too many open files");
    fake.fail(error);
    await turn();
    assertStrictEquals(errors[0], error);
    assertEquals([errors.length, timers.size, fake.accepts], [1, 1, 1]);
    for (const fire of timers.values()) fire();
    timers.clear();
    await turn();
    assertEquals(fake.accepts, 2);
    fake.arrive(fakeConn());
    await turn();
    assertEquals([accepted.length, errors.length], [1, 1]);
    await listener.close();
    assertEquals(timers.size, 0);
  });
});

Deno.test("StreamListener pauses longer while accepting fails, and then no longer", async () => {
  using time = new FakeTime();
  const { fake, listener } = setUp();
  const failTimes = async (times: number) => {
    for (let failed = 0; failed < times; failed++) {
      fake.fail(new Error("Too many open files"));
      await turn();
      await time.pass(time.delays.at(-1)!);
    }
  };
  await failTimes(7);
  assertEquals(time.delays, [5, 10, 20, 40, 80, 100, 100]);
  fake.arrive(fakeConn());
  await turn();
  await failTimes(1);
  assertEquals(time.delays.at(-1), 5);
  await listener.close();
});

for (
  const ErrorClass of [
    Deno.errors.NotConnected,
    Deno.errors.ConnectionReset,
    Deno.errors.ConnectionAborted,
  ]
) {
  Deno.test(`StreamListener goes on at once after ${ErrorClass.name}`, async () => {
    await withTimers(async (timers) => {
      const { fake, listener, accepted, errors } = setUp();
      for (let resets = 0; resets < 3; resets++) {
        fake.fail(new ErrorClass("reset by its client"));
        await turn();
      }
      fake.arrive(fakeConn());
      await turn();
      assertEquals([accepted.length, timers.size, errors], [1, 0, []]);
      await listener.close();
    });
  });
}

Deno.test("StreamListener closes a connection that cannot be taken over, and goes on", async () => {
  await withTimers(async (timers) => {
    const failures = [new Error("no"), new Deno.errors.NotConnected("gone")];
    const left = [...failures];
    const { fake, listener, errors } = setUp({
      accept: () => {
        throw left.shift();
      },
    });
    for (let count = 0; count < failures.length; count++) {
      const conn = fakeConn();
      fake.arrive(conn);
      await turn();
      assert(conn.isClosed);
    }
    assertEquals([errors, timers.size, fake.accepts], [[failures[0]], 0, 3]);
    await listener.close();
  });
});

Deno.test("StreamListener pauses after a failing accept that nobody hears of", async () => {
  await withTimers(async (timers) => {
    const { fake, listener } = setUp({ onError: undefined });
    fake.fail(new Error("Too many open files"));
    await turn();
    assertEquals([timers.size, fake.accepts], [1, 1]);
    await listener.close();
  });
});

Deno.test("StreamListener waits for no pause when it is closed, and leaves no timer", async () => {
  await withTimers(async (timers) => {
    const { fake, listener } = setUp();
    fake.fail(new Error("Too many open files"));
    await turn();
    assertEquals(timers.size, 1);
    await listener.close();
    assertEquals([timers.size, fake.accepts, fake.calls], [0, 1, ["close"]]);
  });
});

Deno.test("StreamListener begins no pause where its error handler closes it", async () => {
  await withTimers(async (timers) => {
    const closing = Promise.withResolvers<void>();
    const { fake, listener } = setUp({
      onError: () => closing.resolve(listener.close()),
    });
    fake.fail(new Error("Too many open files"));
    await closing.promise;
    assertEquals([timers.size, fake.accepts], [0, 1]);
  });
});

Deno.test("StreamListener tells nobody of the error with which closing ends accept", async () => {
  const { listener, errors } = setUp();
  await Promise.all([listener.close(), listener.close()]);
  await listener.close();
  assertEquals(errors, []);
});

Deno.test("StreamListener runs beforeClose first, once, and accepts no more meanwhile", async () => {
  const gate = Promise.withResolvers<void>();
  const order: string[] = [];
  const { fake, listener, accepted } = setUp({
    beforeClose: () => {
      order.push(`beforeClose after ${fake.calls.length} calls`);
      return gate.promise;
    },
  });
  const closing = Promise.all([listener.close(), listener.close()]);
  const conn = fakeConn();
  fake.arrive(conn);
  await turn();
  assertEquals([accepted, fake.calls, conn.isClosed], [[], [], true]);
  gate.resolve();
  await closing;
  assertEquals([order, fake.calls], [["beforeClose after 0 calls"], ["close"]]);
});

Deno.test("StreamListener passes ref and unref on", async () => {
  const { fake, listener } = setUp();
  listener.unref();
  listener.ref();
  await listener.close();
  assertEquals(fake.calls, ["unref", "ref", "close"]);
});

Deno.test("StreamListener reports its lifetime once", async () => {
  const log: string[] = [];
  const stopObserving = observe({
    opened: (_, kind, describe) =>
      void log.push(`opened ${kind} ${describe()}`),
    closed: () => void log.push("closed"),
  });
  try {
    const { listener } = setUp();
    await Promise.all([listener.close(), listener.close()]);
    await listener.close();
  } finally {
    stopObserving();
  }
  assertEquals(log, ["opened listener fake://here", "closed"]);
  assertEquals(observed.by, null);
});

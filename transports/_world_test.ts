import { Timers } from "../channel/internal.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { useWorld, type World, world } from "./_world.ts";

/** A world whose time stands still until a test advances it. */
class FakeWorld implements World {
  time = 0;
  readonly timers = new Set<{ due: number; action: () => void }>();

  now(): number {
    return this.time;
  }

  wallNow(): number {
    return this.time;
  }

  random(): number {
    return 0.5;
  }

  uuid(): string {
    return "an id";
  }

  setTimer(ms: number, action: () => void) {
    const timer = { due: this.time + ms, action };
    this.timers.add(timer);
    return { stop: () => void this.timers.delete(timer), ref() {}, unref() {} };
  }

  readonly turns = { begun: 0, pending: 0 };

  nextTurn(): Promise<void> {
    return Promise.resolve();
  }

  uncountedTurn(): Promise<void> {
    return Promise.resolve();
  }

  defer(action: () => void): void {
    action();
  }

  /** Fires the timers that are due within `ms`, one after another. */
  pass(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const [next] = [...this.timers].filter(({ due }) => due <= end)
        .sort((a, b) => a.due - b.due);
      if (next === undefined) break;
      this.timers.delete(next);
      this.time = next.due;
      next.action();
    }
    this.time = end;
  }
}

Deno.test("world offers the system's time, chance and ids", () => {
  const start = world.now();
  assert(start > 0 && world.now() >= start);
  assert(Math.abs(world.wallNow() - Date.now()) < 1_000);
  const random = world.random();
  assert(random >= 0 && random < 1);
  assertMatch(world.uuid(), /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
});

Deno.test("world.defer runs actions in order, in the next turn", async () => {
  const log: string[] = [];
  world.defer(() => log.push("first"));
  world.defer(() => log.push("second"));
  await Promise.resolve();
  assertEquals(log, []);
  await world.nextTurn();
  assertEquals(log, ["first", "second"]);
});

Deno.test("world.setTimer keeps the process alive until it is unref'd", () => {
  const { setTimeout: realSet } = globalThis;
  const log: string[] = [];
  const id = { ref: () => log.push("ref"), unref: () => log.push("unref") };
  globalThis.setTimeout = (() => id) as unknown as typeof setTimeout;
  try {
    const timer = world.setTimer(1, () => {});
    timer.unref();
    timer.ref();
  } finally {
    globalThis.setTimeout = realSet;
  }
  assertEquals(log, ["unref", "ref"]);
});

Deno.test("useWorld fills the slot until it is restored", () => {
  const before = world;
  const fake = new FakeWorld();
  const restore = useWorld(fake);
  assertEquals(world.uuid(), "an id");
  restore();
  assert(world === before);
});

Deno.test("useWorld moves time for what is built on timers", () => {
  const fake = new FakeWorld();
  const restore = useWorld(fake);
  try {
    let count = 0;
    new Timers().start("timeout", 60_000, () => count++, { patient: true });
    fake.pass(59_999);
    assertEquals(count, 0);
    fake.pass(1);
    assertEquals([count, fake.timers.size], [1, 0]);
  } finally {
    restore();
  }
});

/** Runs `test` with a `setTimeout` that only records its calls. */
function withFakeTimers(
  test: (asked: { delayMs: number; fire: () => void }[]) => void,
): void {
  const { setTimeout: realSet } = globalThis;
  const asked: { delayMs: number; fire: () => void }[] = [];
  globalThis.setTimeout = ((fire: () => void, delayMs: number) => {
    asked.push({ delayMs, fire });
    return { ref() {}, unref() {} };
  }) as unknown as typeof setTimeout;
  try {
    test(asked);
  } finally {
    globalThis.setTimeout = realSet;
  }
}

Deno.test("world.setTimer fires once, after a short wait", async () => {
  let fired = 0;
  await new Promise<void>((resolve) => {
    world.setTimer(1, () => {
      fired++;
      resolve();
    });
  });
  assertEquals(fired, 1);
});

Deno.test("world.setTimer does not fire after stop", async () => {
  let fired = 0;
  const timer = world.setTimer(0, () => fired++);
  timer.stop();
  timer.stop();
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(fired, 0);
});

Deno.test("world.setTimer waits longer than setTimeout can hold", () => {
  withFakeTimers((asked) => {
    let fired = 0;
    world.setTimer(2 ** 31 + 5, () => fired++);
    assertEquals(asked.map(({ delayMs }) => delayMs), [2 ** 31 - 1]);
    asked[0]!.fire();
    assertEquals(fired, 0);
    assertEquals(asked[1]!.delayMs, 6);
    asked[1]!.fire();
    assertEquals(fired, 1);
  });
});

Deno.test("world.setTimer with Infinity sets no timer", () => {
  withFakeTimers((asked) => {
    world.setTimer(Infinity, () => {}).stop();
    assertEquals(asked, []);
  });
});

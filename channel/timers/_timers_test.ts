import { assert, assertEquals } from "@std/assert";
import { FakeTime } from "../../testing/fixtures/fake_time.ts";
import { world } from "../../transports/internal.ts";
import { seededRandom } from "../../testing/network/random.ts";
import { type Due, Timers } from "./_timers.ts";

/** Keeps the process alive, since timers alone do not. */
function stayAlive(): Disposable {
  const id = setInterval(() => {}, 1_000);
  return { [Symbol.dispose]: () => clearInterval(id) };
}

function due(dueAt: number, fire: () => void): Due {
  return { name: "test", keepsAlive: false, dueAt, slot: -1, fire };
}

Deno.test("Timers fire in order of time, however they were started", async () => {
  using _alive = stayAlive();
  const random = seededRandom(1);
  const now = performance.now();
  const timers = new Timers();
  const fired: number[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  for (let i = 0; i < 200; i++) {
    const dueAt = now + random() * 30;
    timers.add(due(dueAt, () => {
      fired.push(dueAt);
      if (fired.length === 200) resolve();
    }));
  }
  await promise;
  assertEquals(fired, [...fired].sort((a, b) => a - b));
});

Deno.test("Timers fire what was not stopped, and only that", async () => {
  using _alive = stayAlive();
  const random = seededRandom(2);
  const timers = new Timers();
  const fired = new Set<number>();
  const { promise, resolve } = Promise.withResolvers<void>();
  const timeouts = Array.from(
    { length: 300 },
    (_, n) => timers.start("test", 1 + random() * 20, () => fired.add(n)),
  );
  timers.start("last", 25, resolve);
  const kept: number[] = [];
  for (const [n, timeout] of timeouts.entries()) {
    if (random() < 0.5) kept.push(n);
    else timeout.stop();
  }
  await promise;
  assertEquals([...fired].sort((a, b) => a - b), kept);
});

Deno.test("Timers never fire before their time", async () => {
  using _alive = stayAlive();
  const { promise, resolve } = Promise.withResolvers<number>();
  const dueAt = world.now() + 7.9;
  new Timers().add(due(dueAt, () => resolve(world.now())));
  assert(await promise >= dueAt);
});

Deno.test("Timers hold no timer once all are stopped, nor for Infinity", () => {
  using time = new FakeTime();
  const timers = new Timers();
  timers.start("never", Infinity, () => {});
  assertEquals(time.timers, 0);
  const soon = timers.start("soon", 10_000, () => {});
  const later = timers.start("later", 2 ** 33, () => {});
  assertEquals(time.timers, 1);
  soon.stop();
  later.stop();
  later.stop();
  assertEquals(time.timers, 0);
});

Deno.test("Timers fire soon what is due already, but never at once", async () => {
  using time = new FakeTime();
  const fired: number[] = [];
  const start = performance.now();
  new Timers().start("past", -5, () => fired.push(performance.now() - start));
  assertEquals(fired, []);
  await time.pass(1);
  assertEquals(fired.length, 1);
});

Deno.test("Timers wait for what no timer of the system can hold", async () => {
  using time = new FakeTime();
  const fired: number[] = [];
  const start = performance.now();
  new Timers().start("late", 2 ** 40, () => {
    fired.push(performance.now() - start);
  });
  await time.pass(2 ** 40);
  assertEquals(fired, [2 ** 40]);
});

Deno.test("Timers arm one timer for the earliest of all", async () => {
  using time = new FakeTime();
  const timers = new Timers();
  const fired: number[] = [];
  for (const ms of [30, 10, 20]) timers.start("test", ms, () => fired.push(ms));
  assertEquals(time.timers, 1);
  await time.pass(100);
  assertEquals([fired, time.timers], [[10, 20, 30], 0]);
});

Deno.test("Timers that have ended fire nothing and start nothing", async () => {
  using time = new FakeTime();
  const timers = new Timers();
  let fired = 0;
  const timeout = timers.start("before", 10, () => fired++);
  timers.end();
  assertEquals(time.timers, 0);
  timeout.stop();
  timers.start("after", 10, () => fired++);
  await time.pass(100);
  assertEquals([fired, time.timers], [0, 0]);
});

Deno.test("Timers can be started while one fires", async () => {
  using time = new FakeTime();
  const timers = new Timers();
  const fired: number[] = [];
  const start = performance.now();
  const again = () => {
    fired.push(performance.now() - start);
    if (fired.length < 3) timers.start("again", 5, again);
  };
  timers.start("again", 5, again);
  await time.pass(100);
  assertEquals(fired, [5, 10, 15]);
  assertEquals(time.timers, 0);
});

Deno.test("Timers go on after an action that throws", async () => {
  using _alive = stayAlive();
  const timers = new Timers();
  const fired: string[] = [];
  // Both in one turn: the second is due when the first throws.
  timers.add(due(performance.now(), () => {
    throw new Error("thrown by the test");
  }));
  const { promise, resolve } = Promise.withResolvers<void>();
  timers.add(due(performance.now(), () => {
    fired.push("second");
    resolve();
  }));
  const onError = (event: ErrorEvent) => event.preventDefault();
  addEventListener("error", onError);
  await promise.finally(() => removeEventListener("error", onError));
  assertEquals(fired, ["second"]);
});

Deno.test("a patient timeout lasts as long as it was asked to", async () => {
  using time = new FakeTime();
  const timers = new Timers();
  let firedAfter = 0;
  const start = performance.now();
  timers.start("patient", 800, () => firedAfter = performance.now() - start, {
    patient: true,
  });
  await time.pass(799);
  assertEquals(firedAfter, 0);
  await time.pass(1);
  assertEquals(firedAfter, 800);
});

Deno.test("a patient timeout does not count time in which the process was busy", async () => {
  using _alive = stayAlive();
  const { promise, resolve } = Promise.withResolvers<number>();
  const start = performance.now();
  new Timers().start("patient", 80, () => resolve(performance.now() - start), {
    patient: true,
  });
  const busyUntil = performance.now() + 500;
  while (performance.now() < busyUntil);
  const firedAfter = await promise;
  // The part that ended late is repeated, after those 500 ms.
  assert(firedAfter >= 500 + 80 - 1, `${firedAfter} ms`);
});

Deno.test("a patient timeout that ends while the process is busy waits once more", async () => {
  using _alive = stayAlive();
  const { promise, resolve } = Promise.withResolvers<number>();
  new Timers().start("patient", 80, () => resolve(performance.now()), {
    patient: true,
  });
  let busyUntil = 0;
  const busy = setTimeout(() => {
    busyUntil = performance.now() + 200;
    while (performance.now() < busyUntil);
  }, 75);
  const firedAt = await promise;
  clearTimeout(busy);
  assert(
    busyUntil > 0 && firedAt - busyUntil >= 9,
    `${firedAt - busyUntil} ms`,
  );
});

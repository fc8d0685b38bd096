import { assert, assertEquals, assertFalse } from "@std/assert";
import { FlushScheduler } from "./_flush_scheduler.ts";

/** Delivers one read of `frames` frames, each with an answer if wanted. */
function deliver(
  scheduler: FlushScheduler,
  frames: number,
  answers = 0,
): (string | null)[] {
  const times: (string | null)[] = [];
  scheduler.startDelivery();
  for (let count = 0; count < answers; count++) times.push(scheduler.queued());
  times.push(scheduler.endDelivery(frames));
  return times;
}

/** A scheduler whose last read was a burst. */
function afterBurst(): FlushScheduler {
  const scheduler = new FlushScheduler();
  deliver(scheduler, 2);
  return scheduler;
}

/** Runs a flush that takes all queued frames. */
function flush(scheduler: FlushScheduler, what: "all" | "part"): string | null {
  assert(scheduler.start(what));
  scheduler.taken();
  return scheduler.end();
}

function queue(scheduler: FlushScheduler, count: number): (string | null)[] {
  return Array.from({ length: count }, () => scheduler.queued());
}

Deno.test("FlushScheduler flushes a lone frame on the next microtask", () => {
  const scheduler = new FlushScheduler();
  assert(scheduler.isIdle);
  assertEquals(queue(scheduler, 3), ["microtask", null, null]);
  assertFalse(scheduler.isIdle);
  assertEquals(flush(scheduler, "all"), null);
  assert(scheduler.isIdle);
});

Deno.test("FlushScheduler flushes the answer to a lone frame on the microtask", () => {
  const scheduler = new FlushScheduler();
  assertEquals(deliver(scheduler, 1, 1), [null, "microtask"]);
  assertEquals(flush(scheduler, "all"), null);
});

Deno.test("FlushScheduler flushes the answers to a burst in the next turn", () => {
  const scheduler = new FlushScheduler();
  assertEquals(deliver(scheduler, 2, 2), [null, null, "turn"]);
  assertEquals(flush(scheduler, "all"), null);
  assertEquals(scheduler.queued(), "turn");
});

Deno.test("FlushScheduler decides only after the last frame of a read", () => {
  const scheduler = afterBurst();
  assertEquals(deliver(scheduler, 1, 1), [null, "microtask"]);
});

Deno.test("FlushScheduler schedules nothing where nothing was queued", () => {
  const scheduler = new FlushScheduler();
  assertEquals(deliver(scheduler, 5), [null]);
  assertEquals(deliver(scheduler, 0), [null]);
  assert(scheduler.isIdle);
});

Deno.test("FlushScheduler lets complete parts of a burst leave at once", () => {
  const scheduler = afterBurst();
  assertEquals(queue(scheduler, 16), [
    "turn",
    ...new Array<null>(14).fill(null),
    "now",
  ]);
  assert(scheduler.start("part"));
  scheduler.taken();
  // While it is written, less than a part waits, and more leaves at once.
  queue(scheduler, 15);
  assertFalse(scheduler.takesMore);
  queue(scheduler, 1);
  assert(scheduler.takesMore);
  scheduler.taken();
  queue(scheduler, 1);
  assertEquals(scheduler.end(), "turn");
});

Deno.test("FlushScheduler makes parts while a read is delivered, too", () => {
  const scheduler = afterBurst();
  scheduler.startDelivery();
  assertEquals(queue(scheduler, 16).at(-1), "now");
  assert(scheduler.start("part"));
  scheduler.taken();
  assertEquals(scheduler.endDelivery(20), null);
  assertEquals(scheduler.end(), null);
});

Deno.test("FlushScheduler makes no parts where frames come alone", () => {
  const scheduler = new FlushScheduler();
  assertEquals(queue(scheduler, 40).slice(1), new Array(39).fill(null));
});

Deno.test("FlushScheduler takes all that was queued during a whole flush", () => {
  const scheduler = new FlushScheduler();
  queue(scheduler, 1);
  assert(scheduler.start("all"));
  scheduler.taken();
  assertEquals(queue(scheduler, 1), [null]);
  assert(scheduler.takesMore);
});

Deno.test("FlushScheduler starts no flush twice, nor without frames", () => {
  const scheduler = afterBurst();
  assertFalse(scheduler.start("all"));
  queue(scheduler, 16);
  assert(scheduler.start("part"));
  // The scheduled flush starts during that flush, and after it.
  assertFalse(scheduler.start("all"));
  scheduler.taken();
  scheduler.end();
  assertFalse(scheduler.start("all"));
});

Deno.test("FlushScheduler does nothing after a write that failed", () => {
  const scheduler = afterBurst();
  queue(scheduler, 1);
  assert(scheduler.start("all"));
  scheduler.fail();
  assertEquals(queue(scheduler, 20), new Array(20).fill(null));
  assertEquals(deliver(scheduler, 2, 1), [null, null]);
  assertFalse(scheduler.start("all"));
  assertFalse(scheduler.isIdle);
});

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ServerBusyError, TimeoutError } from "../../channel/errors.ts";
import type { QueuedCall } from "../../rpc/service/call_queue.ts";
import { currentOrigin } from "./_acting.ts";
import { Deadlocks } from "./_deadlocks.ts";
import { Mailbox } from "./_mailbox.ts";

const signal = AbortSignal.abort(new DOMException("no", "AbortError"));

/** A call with the keys of `turns`. */
function queued(
  turns: readonly string[] = [],
  remainingMs = Infinity,
): QueuedCall {
  return {
    path: "work",
    remainingMs,
    signal,
    origin: { agent: null, turns },
    isGivenUp: false,
    listener: null,
  };
}

/** A mailbox for `mostWaiting` calls. `log` records the calls that run. */
function mailboxFor(mostWaiting = 10) {
  const log: string[] = [];
  let waiting = 0;
  const mailbox = new Mailbox({
    id: "0",
    address: "local://a/0",
    mostWaiting,
    deadlocks: new Deadlocks(() => new Promise(() => {})),
    countRefused: () => {},
    countWaiting: (change) => void (waiting += change),
  });
  /** Runs a method that ends on demand. */
  const start = (name: string, call = queued()) => {
    const { promise, resolve } = Promise.withResolvers<string>();
    let turns: readonly string[] = [];
    const result = mailbox.run(call, () => {
      log.push(name);
      turns = currentOrigin()!.turns;
      return promise;
    });
    // As the code that serves calls does.
    Promise.resolve(result)
      .then(() => call.listener?.onSettled(), () => {});
    return { result, end: () => resolve(name), turns: () => turns };
  };
  return { mailbox, log, start, waiting: () => waiting };
}

Deno.test("Mailbox runs one call at a time, in the order of arrival", async () => {
  const { mailbox, log, start, waiting } = mailboxFor();
  const [a, b, c] = ["a", "b", "c"].map((name) => start(name));
  const last = mailbox.run(queued(), () => "plain");
  assertEquals([log, waiting()], [["a"], 3]);
  a!.end();
  assertEquals(await a!.result, "a");
  assertEquals([log, waiting()], [["a", "b"], 2]);
  c!.end();
  b!.end();
  assertEquals(await Promise.all([b!.result, c!.result, last]), [
    "b",
    "c",
    "plain",
  ]);
  assertEquals([log, waiting()], [["a", "b", "c"], 0]);
  assertEquals(mailbox.isIdle, true);
});

Deno.test("Mailbox runs calls without a wait at once, and passes errors on", () => {
  const { mailbox } = mailboxFor();
  assertEquals(mailbox.run(queued(), () => 1), 1);
  const fail = () => {
    throw new RangeError("no");
  };
  assertThrows(() => mailbox.run(queued(), fail), RangeError);
  assertEquals(mailbox.run(queued(), () => 2), 2);
});

Deno.test("Mailbox refuses calls over its limit, and takes them again later", async () => {
  const { log, start } = mailboxFor(1);
  const a = start("a");
  const b = start("b");
  assertThrows(() => start("c"), ServerBusyError, "1 calls wait");
  a.end();
  await a.result;
  const d = start("d");
  b.end();
  d.end();
  await Promise.all([b.result, d.result]);
  assertEquals(log, ["a", "b", "d"]);
});

Deno.test("Mailbox never runs a call that was given up while it waited", async () => {
  const { log, start, waiting } = mailboxFor(1);
  const a = start("a");
  const call = queued();
  const b = start("b", call);
  call.listener!.onGivenUp();
  await assertRejects(() => b.result as Promise<unknown>, DOMException);
  assertEquals(waiting(), 0);
  // The dropped call takes no room any more, either.
  const c = start("c");
  a.end();
  c.end();
  await c.result;
  assertEquals(log, ["a", "c"]);
});

Deno.test("Mailbox never runs a call whose time was over while it waited", async () => {
  const { log, start } = mailboxFor();
  const a = start("a");
  const b = start("b", queued([], 0));
  a.end();
  await assertRejects(() => b.result as Promise<unknown>, TimeoutError);
  assertEquals(log, ["a"]);
});

Deno.test("Mailbox runs a call that comes back within the turn that made it", async () => {
  const { log, start } = mailboxFor();
  const a = start("a");
  const stranger = start("stranger");
  const back = start("back", queued(a.turns()));
  const next = start("next", queued(a.turns()));
  const deeper = start("deeper", queued(back.turns()));
  // Calls that come back also run one at a time.
  assertEquals(log, ["a", "back", "deeper"]);
  deeper.end();
  back.end();
  await back.result;
  assertEquals(log, ["a", "back", "deeper", "next"]);
  a.end();
  await a.result;
  // The turn lasts until the calls that came back within it have ended.
  assertEquals(log.includes("stranger"), false);
  next.end();
  await next.result;
  assertEquals(log.at(-1), "stranger");
  stranger.end();
  // A call with the key of an ended turn must wait like any other.
  const late = start("late", queued(a.turns()));
  assertEquals(log.includes("late"), false);
  late.end();
  await late.result;
});

Deno.test("Mailbox.close refuses what waits, and lets what runs end", async () => {
  const { mailbox, log, start } = mailboxFor();
  const a = start("a");
  const back = start("back", queued(a.turns()));
  const waiting = [start("b"), start("c", queued(a.turns()))];
  mailbox.close(new RangeError("closed"));
  for (const { result } of waiting) {
    await assertRejects(() => result as Promise<unknown>, RangeError);
  }
  back.end();
  a.end();
  assertEquals(await Promise.all([a.result, back.result]), ["a", "back"]);
  assertEquals(log, ["a", "back"]);
});

Deno.test("Mailbox starts any number of calls without a wait, one after the other", async () => {
  const { mailbox, start } = mailboxFor(20_000);
  const a = start("a");
  let running = 0;
  const all = Array.from(
    { length: 20_000 },
    (_, i) =>
      mailbox.run(queued(), () => {
        assertEquals(++running, 1);
        running--;
        return i;
      }),
  );
  a.end();
  assertEquals((await Promise.all(all)).at(-1), 19_999);
});

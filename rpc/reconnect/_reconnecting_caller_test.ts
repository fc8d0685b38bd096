import { assert, assertEquals, assertRejects } from "@std/assert";
import { DEFAULT_BACKOFF } from "../../channel/internal.ts";
import { QueueFullError } from "../../channel/errors.ts";
import type { Session } from "../session/_session.ts";
import { ReconnectingCaller } from "./_reconnecting_caller.ts";
import { holdsStream } from "../streams/_holds_stream.ts";

/** A connection on which each call returns its path. */
const session = {
  calls: { call: (path: string) => Promise.resolve(path) },
} as unknown as Session;

const connected = { kind: "connected", session } as const;

function makeCaller(maxWaitingCalls: number): ReconnectingCaller {
  return new ReconnectingCaller("local://there", {
    queueTimeoutMs: Infinity,
    retryBusyForMs: 0,
    waits: DEFAULT_BACKOFF,
    timeoutMs: Infinity,
    maxWaitingCalls,
    idempotent: new Set(),
  }, {});
}

Deno.test("ReconnectingCaller lets as many wait with one signal as it may, in little time", async () => {
  const most = 32_000;
  const { signal } = new AbortController();
  const caller = makeCaller(most);
  const began = performance.now();
  const waiting = Array.from(
    { length: most },
    () => caller.call("a", [], { signal }),
  );
  await assertRejects(() => caller.call("a", [], { signal }), QueueFullError);
  caller.enter(connected);
  await Promise.all(waiting);
  // With a listener for each call, this takes more than ten times as long.
  assert(performance.now() - began < 5_000);
  assertEquals(caller.waitingCalls, 0);
});

Deno.test("ReconnectingCaller rejects all that wait with a signal, and no others", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const caller = makeCaller(10);
  const given = [1, 2].map(() => caller.call("a", [], { signal }));
  const other = caller.call("b", [], { signal: new AbortController().signal });
  const reason = new Error("enough");
  controller.abort(reason);
  for (const call of given) {
    assertEquals(await call.catch((error) => error), reason);
  }
  assertEquals(caller.waitingCalls, 1);
  caller.enter(connected);
  assertEquals(await other, "b");
});

Deno.test("ReconnectingCaller sends what waits in its order, with signals and without", async () => {
  const caller = makeCaller(10);
  const order: string[] = [];
  const { signal } = new AbortController();
  const calls = ["a", "b", "c", "d"].map(async (path, n) => {
    const options = n % 2 === 0 ? { signal } : {};
    order.push(String(await caller.call(path, [], options)));
  });
  caller.enter(connected);
  await Promise.all(calls);
  assertEquals(order, ["a", "b", "c", "d"]);
});

async function* items() {
  yield await Promise.resolve(1);
}

Deno.test("holdsStream() finds a stream at any depth", () => {
  assertEquals(holdsStream([1, { a: { b: [items()] } }]), true);
  assertEquals(holdsStream([1, { a: { b: ["text"] } }, null]), false);
});

Deno.test("holdsStream() looks once at what is there several times", () => {
  const loop: Record<string, unknown> = {};
  loop.self = loop;
  assertEquals(holdsStream(loop), false);
  // Without remembering visited objects, this would take 2 ** 40 steps.
  let shared: object = {};
  for (let i = 0; i < 40; i++) shared = { left: shared, right: shared };
  assertEquals(holdsStream(shared), false);
  let deep: object = { stream: items() };
  for (let i = 0; i < 100_000; i++) deep = { deep };
  assertEquals(holdsStream(deep), true);
});

Deno.test("holdsStream() is true for what cannot be looked through", () => {
  const boom = () => {
    throw null;
  };
  assertEquals(
    holdsStream({
      get broken() {
        return boom();
      },
    }),
    true,
  );
  assertEquals(holdsStream([new Proxy({}, { has: boom })]), true);
});

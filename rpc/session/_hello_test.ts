import { assert, assertEquals, assertRejects } from "@std/assert";
import { Timers } from "../../channel/internal.ts";
import {
  type CloseReason,
  ConnectionClosedError,
  RemoteError,
  TimeoutError,
} from "../../channel/errors.ts";
import { nextTurn } from "../../testing/fixtures/next_turn.ts";
import { AuthenticationError } from "../errors.ts";
import type { AddressResolver } from "../references/_remote_proxy.ts";
import { fakeSession } from "../fixtures/session.ts";
import { Hello } from "./_hello.ts";
import { FIRST_WINDOW } from "../streams/_window.ts";
import type { SessionOptions } from "./_options.ts";

/**
 * Returns a hello whose actions are recorded. Calls wait for `patienceMs`
 * instead of the default time.
 */
function said(
  { patienceMs, ...options }: Partial<SessionOptions> & {
    patienceMs?: number;
  } = {},
) {
  const sent: unknown[] = [];
  const heard: string[] = [];
  const refused: CloseReason[] = [];
  const answer = Promise.withResolvers<unknown>();
  const timers = new Timers(sent);
  const counts = { framesIn: 0 };
  const channel = {
    counts,
    timers: {
      start: (name: string, ms: number, ...rest: [() => void]) =>
        timers.start(name, ms === 5_000 ? patienceMs ?? ms : ms, ...rest),
    },
    calls: {
      send(content: unknown) {
        sent.push(content);
        return answer.promise;
      },
    },
    cut: (reason: CloseReason) => void refused.push(reason),
  };
  const heartbeat = {
    start: (state: string) => void heard.push(state),
    stop: () => void heard.push("plain"),
  };
  const hello = new Hello(fakeSession({ channel, heartbeat, options }));
  return { hello, sent, heard, refused, answer, counts };
}

const FEATURES = [
  "call",
  "cancel",
  "ping",
  "references",
  "streams",
  "values",
  "pipes",
  "drain",
  "notify",
];

function remoteError(remoteName: string): RemoteError {
  return new RemoteError("no", { remoteName, origin: "", content: null });
}

Deno.test("Hello.say sends it once, and calls wait for its answer", async () => {
  const { hello, sent, heard, answer } = said();
  assert(!hello.isAwaited && !hello.isUnanswered);
  hello.say();
  hello.say();
  assertEquals(sent, [["$/hello", [{ version: 1, features: FEATURES }], {}]]);
  assert(hello.isAwaited && hello.isUnanswered && !hello.hasExtensions);
  answer.resolve({ version: 1, features: ["places"] });
  await hello.wait("f", Infinity, undefined);
  assert(hello.hasExtensions && hello.takesAddresses && !hello.isUnanswered);
  hello.say();
  assertEquals(sent.length, 1);
  assertEquals(heard, ["greeting", "pinging"]);
});

Deno.test("Hello.say does nothing on the side that accepts, or without extensions", () => {
  for (const options of [{ isInitiator: false }, { extensions: false }]) {
    const { hello, sent, heard } = said(options);
    hello.say();
    assertEquals([sent, heard], [[], []]);
    assert(!hello.isAsked);
  }
});

Deno.test("Hello is waited for on the side that accepts, until anything else comes", async () => {
  const { hello } = said({ isInitiator: false });
  assert(hello.isAwaited);
  const waiting = hello.wait("work", 1_000, undefined);
  hello.take({ version: 1, features: [] });
  await waiting;
  assert(hello.hasExtensions && !hello.isAwaited);
  const { hello: other } = said({ isInitiator: false, patienceMs: 1e9 });
  const waitingOther = other.wait("work", Infinity, undefined);
  other.expectNoMore();
  await waitingOther;
  assert(!other.hasExtensions && !other.isAwaited);
  // A late hello is still accepted.
  other.take({ version: 1, features: [] });
  assert(other.hasExtensions);
});

Deno.test("Hello is waited for on the side that accepts no longer than patience lasts", async () => {
  using _alive = alive();
  const { hello, heard } = said({ isInitiator: false, patienceMs: 5 });
  await hello.wait("work", Infinity, undefined);
  assert(!hello.isAwaited && !hello.isUnanswered);
  assertEquals(heard, []);
});

Deno.test("Hello waits for credentials that are promised", async () => {
  const token = Promise.withResolvers<string>();
  const { hello, sent, answer } = said({ credentials: () => token.promise });
  hello.say();
  assert(hello.isAsked);
  assertEquals(sent, []);
  token.resolve("a token");
  await nextTurn();
  const content = { version: 1, features: FEATURES, credentials: "a token" };
  assertEquals(sent, [["$/hello", [content], {}]]);
  answer.resolve({ version: 1, features: [] });
  await hello.authenticate();
});

Deno.test("Hello.take tells the extensions of both sides", () => {
  const { hello, heard } = said({
    isInitiator: false,
    resolver: {} as AddressResolver,
  });
  assertEquals(hello.take({ version: 1, features: [] }), {
    version: 1,
    features: [...FEATURES, "places", "turns"],
  });
  assert(hello.hasExtensions && !hello.takesAddresses);
  assertEquals(heard, ["pinging"]);
});

Deno.test("Hello bears with any answer", async () => {
  for (const content of [null, 7, "yes", [], { features: "places" }]) {
    const { hello, answer } = said();
    hello.say();
    answer.resolve(content);
    await hello.answered;
    assert(hello.hasExtensions && !hello.takesAddresses);
  }
});

Deno.test("Hello that fails means a peer without extensions", async () => {
  const { hello, heard, answer } = said();
  hello.say();
  answer.reject(remoteError("LookupError"));
  await hello.answered;
  assert(!hello.hasExtensions && !hello.isAwaited && !hello.isUnanswered);
  assertEquals(heard, ["greeting", "plain"]);
});

Deno.test("Hello is overdue after its patience, and taken when it comes", async () => {
  const { hello, heard, answer, counts } = said({ patienceMs: 5 });
  hello.say();
  counts.framesIn++;
  using _alive = alive();
  await hello.wait("f", Infinity, undefined);
  assert(hello.isUnanswered && !hello.isAwaited && !hello.hasExtensions);
  assertEquals(heard, ["greeting"]);
  answer.resolve({ version: 1, features: [] });
  await answer.promise;
  assert(hello.hasExtensions && !hello.isUnanswered);
});

Deno.test("Hello is waited for as long as the peer says nothing at all", async () => {
  const { hello, counts } = said({ patienceMs: 5 });
  hello.say();
  using _alive = alive();
  const { sent } = await assertRejects(
    () => hello.wait("f", 50, undefined),
    TimeoutError,
  );
  assert(!sent && hello.isAwaited);
  counts.framesIn++;
  await hello.wait("f", Infinity, undefined);
  assert(hello.isUnanswered && !hello.isAwaited);
});

Deno.test("Hello.wait ends with the call's time or signal", async () => {
  const { hello, answer } = said();
  hello.say();
  const { sent, timeoutMs } = await assertRejects(
    () => hello.wait("f", 1, undefined),
    TimeoutError,
  );
  assertEquals([sent, timeoutMs], [false, 1]);
  const signal = AbortSignal.abort(new RangeError("enough"));
  await assertRejects(() => hello.wait("f", Infinity, signal), RangeError);
  answer.resolve(null);
  await hello.wait("f", 1_000, undefined);
});

Deno.test("Hello shows credentials, and tells whether they were taken", async () => {
  const { hello, sent, answer } = said({ credentials: () => "ada's" });
  hello.say();
  await nextTurn();
  assertEquals(sent, [
    [
      "$/hello",
      [{ version: 1, features: FEATURES, credentials: "ada's" }],
      {},
    ],
  ]);
  answer.resolve(null);
  await hello.authenticate();
  assertEquals(said().hello.authenticate(), null);
});

Deno.test("Hello with credentials ends a connection that refuses them, or that they cannot be sent on", async () => {
  const cases = [
    [new AuthenticationError("Unknown token"), "peer"],
    [new TypeError("Cannot send"), "local"],
  ] as const;
  for (const [error, by] of cases) {
    const { hello, heard, refused, answer } = said({ credentials: 1 });
    hello.say();
    answer.reject(error);
    assertEquals(await assertRejects(() => hello.authenticate()!), error);
    assertEquals(refused.map(({ by, code, error }) => ({ by, code, error })), [
      { by, code: "authentication", error },
    ]);
    assertEquals(heard, ["greeting"]);
  }
});

Deno.test("Hello with credentials goes on with who knows none, or is gone", async () => {
  const details = { by: "peer", code: "lost", sent: true } as const;
  const errors = [
    remoteError("KeyError"),
    new ConnectionClosedError("lost", details),
  ];
  for (const error of errors) {
    const { hello, heard, refused, answer } = said({ credentials: 1 });
    hello.say();
    answer.reject(error);
    await hello.authenticate();
    assertEquals(heard, ["greeting", "plain"]);
    assertEquals(refused, []);
  }
});

Deno.test("Hello whose credentials cannot be made is not sent", async () => {
  const fail = () => {
    throw new RangeError("no token");
  };
  const failLate = () => Promise.reject(new RangeError("no token"));
  const failOdd = () => ({ then: fail });
  for (const credentials of [fail, failLate, failOdd]) {
    const { hello, sent, refused } = said({ credentials });
    hello.say();
    await assertRejects(() => hello.authenticate()!, RangeError, "no token");
    assertEquals(sent, []);
    const told = refused.map(({ by, code }) => [by, code]);
    assertEquals(told, [["local", "credentials"]]);
  }
});

/**
 * Starts a timer that keeps the process alive, which that of a hello does not.
 */
function alive(): Disposable {
  const timer = setInterval(() => {}, 1_000);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

Deno.test("Hello tells a window that is not the usual, and keeps to the other's", () => {
  const wide = { items: 1_000, bytes: Infinity };
  const { hello, sent } = said({ streamWindow: wide });
  hello.say();
  const told = { items: 64, bytes: Number.MAX_SAFE_INTEGER };
  const content = { version: 1, features: FEATURES, window: told };
  assertEquals(sent, [["$/hello", [content], {}]]);
  // A peer that sends no window accepts the default one.
  assertEquals(hello.window, FIRST_WINDOW);
  hello.take({ version: 1, features: [], window: { items: 4, bytes: 1e9 } });
  assertEquals(hello.window, { items: 4, bytes: 1e9 });
  for (const window of [null, 5, { items: 4 }, { items: 0, bytes: "1" }]) {
    hello.take({ version: 1, features: [], window });
    assertEquals(hello.window, FIRST_WINDOW);
  }
  const { hello: narrow } = said({ streamWindow: { items: 2, bytes: 10 } });
  narrow.take({ version: 1, features: [], window: { items: 4, bytes: 1e9 } });
  assertEquals(narrow.window, { items: 2, bytes: 10 });
});

Deno.test("Hello bears with credentials that fail with what cannot be looked at", async () => {
  const fail = () => {
    throw null;
  };
  const thrown = new Proxy({}, { get: fail, getPrototypeOf: fail, has: fail });
  const { hello, refused } = said({
    credentials: () => Promise.reject(thrown),
  });
  hello.say();
  const told = await hello.authenticate()!.then(() => [], (error) => [error]);
  assert(told[0] === thrown);
  assertEquals(refused.length, 1);
});

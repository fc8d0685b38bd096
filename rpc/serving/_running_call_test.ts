import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertThrows,
} from "@std/assert";
import { TimeoutError } from "../../channel/errors.ts";
import { Timers } from "../../channel/internal.ts";
import { fakeSession } from "../fixtures/session.ts";
import type { PassedStream } from "../references/_message_context.ts";
import { RunningCall } from "./_running_call.ts";

/** Returns a call of the method `work` with the timeout `timeoutMs`. */
function runningCall(timeoutMs = Infinity, onEnd = () => {}): RunningCall {
  const timers = new Timers();
  const session = fakeSession({
    channel: { remoteAddress: "local://caller", peerName: null, timers },
    admission: { identity: "ada" },
    served: { forget: onEnd },
  });
  const terms = { timeoutMs, meta: { token: "abc" }, as: null, origin: null };
  return new RunningCall(session, 7, "work", [1], terms);
}

/** Resolves when `signal` aborts. */
function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(signal.reason))
  );
}

Deno.test("RunningCall tells what is known of the call", () => {
  const call = runningCall();
  assertEquals(
    [
      call.id,
      call.path,
      call.remoteAddress,
      call.peerName,
      call.args,
      call.meta,
    ],
    [7, "work", "local://caller", null, [1], { token: "abc" }],
  );
  assertEquals(call.remainingMs, Infinity);
});

Deno.test("RunningCall aborts its signal when its time is over", async () => {
  const call = runningCall(5);
  assert(call.remainingMs > 0 && call.remainingMs <= 5);
  assertInstanceOf(await aborted(call.signal), TimeoutError);
  assertEquals(call.remainingMs, 0);
});

Deno.test("RunningCall arms no timer that nobody asked for", () => {
  // The sanitizer would detect a timer.
  runningCall(60_000);
});

Deno.test("RunningCall keeps no timer beyond its end", () => {
  const call = runningCall(60_000);
  assertEquals(call.signal.aborted, false);
  call.end("result");
});

Deno.test("RunningCall arms no timer after its end", () => {
  const call = runningCall(60_000);
  call.end("result");
  assertEquals(call.signal.aborted, false);
});

Deno.test("RunningCall waits for a deadline that is weeks away", async () => {
  const call = runningCall(2 ** 33);
  const { signal } = call;
  // A timer whose delay overflows fires within a millisecond or two.
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, 10);
  await promise;
  assertEquals(signal.aborted, false);
  call.end("result");
});

Deno.test("RunningCall takes a deadline that is no number for none", () => {
  assertEquals(runningCall(NaN).remainingMs, Infinity);
  assertEquals(runningCall(-1).remainingMs, Infinity);
  assertEquals(runningCall(0).remainingMs, 0);
});

Deno.test("RunningCall.abort keeps the first reason, for a late signal, too", () => {
  const call = runningCall(60_000);
  call.abort("first");
  call.abort("second");
  assertEquals([call.signal.aborted, call.signal.reason], [true, "first"]);
  const asked = runningCall(60_000);
  const { signal } = asked;
  asked.abort("first");
  asked.abort("second");
  assertEquals([signal.aborted, signal.reason], [true, "first"]);
});

function passedStream(drop: () => void = () => {}): PassedStream {
  const withdraw = () => {};
  return { drop, withdraw, sentItems: 0, failure: null };
}

Deno.test("RunningCall has no deadline any more once it streams", () => {
  const call = runningCall(60_000);
  assertEquals(call.signal.aborted, false);
  const stream = passedStream();
  call.beginStream(stream);
  assertEquals([call.isStreaming, call.remainingMs], [true, Infinity]);
  call.endStream(stream);
  assertEquals(call.isStreaming, false);
});

Deno.test("RunningCall.giveUp drops the streams of its result", () => {
  const call = runningCall();
  let dropped = 0;
  for (let i = 0; i < 2; i++) call.beginStream(passedStream(() => dropped++));
  call.giveUp("given up");
  assertEquals([call.isGivenUp, dropped], [true, 2]);
  assertEquals(call.signal.reason, "given up");
});

Deno.test("RunningCall ends once, when it is answered and its streams have ended", () => {
  let ends = 0;
  const call = runningCall(Infinity, () => ends++);
  const streams = [passedStream(), passedStream()] as const;
  for (const stream of streams) call.beginStream(stream);
  call.endStream(streams[0]);
  assertEquals(ends, 0);
  call.endStream(streams[1]);
  call.end("result");
  assertEquals([ends, call.signal.aborted], [1, true]);
});

Deno.test("RunningCall.identity cannot be changed by the method", () => {
  const call = runningCall();
  assertThrows(() => Object.assign(call, { identity: "eve" }), TypeError);
  assertEquals(call.identity, "ada");
});

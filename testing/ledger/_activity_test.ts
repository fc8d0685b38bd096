import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { RpcEvent } from "../../rpc/internal.ts";
import { fromOutside, message } from "../fixtures/fake_channel.ts";
import { ActivityLog } from "./_activity.ts";

/** A log with one channel, and the events of that channel. */
function makeLog({ isRpc = true, trace = false } = {}) {
  const [log, channel] = [new ActivityLog({ trace }), {}];
  if (isRpc) log.event({ type: "session-started", channel } as RpcEvent);
  let nextId = 0;
  return {
    own: (pendingCalls = 0) =>
      log.ownOf(channel, pendingCalls).map(({ what }) => what),
    stacks: () => log.ownOf(channel, 0).map(({ stack }) => stack),
    served: () => log.servedOn(channel),
    emit: (event: RpcEvent) => log.event(event),
    channel,
    send: (content: unknown) => {
      log.event(message(channel, "out", "request", nextId, content));
      return nextId++;
    },
    answer: (id: number) =>
      log.event(message(channel, "in", "result", id, null)),
    start(path: string, side: "made" | "served" = "made") {
      const [id, call] = [nextId++, {}];
      const args = ["arg"];
      log.event(
        {
          type: "call-started",
          call,
          side,
          channel,
          id,
          path,
          args,
        } as RpcEvent,
      );
      return { id, call };
    },
    end: (call: object) =>
      log.event({ type: "call-ended", call, outcome: "result" } as RpcEvent),
    stream(side: "consumed" | "produced" = "consumed") {
      const stream = {};
      const event = {
        type: "stream-opened",
        stream,
        side,
        channel,
        call: null,
      };
      log.event(event as RpcEvent);
      return stream;
    },
    keep(call: object | null, holder: "local" | "peer" = "local") {
      const reference = {};
      const event = {
        type: "reference-kept",
        reference,
        holder,
        channel,
        call,
      };
      log.event(event as RpcEvent);
      return reference;
    },
  };
}

Deno.test("ActivityLog names the calls of a plain channel that are pending", () => {
  const { answer, own, send } = makeLog({ isRpc: false });
  const [first, second] = [send("one"), send("two")];
  answer(first);
  assertEquals(own(1), [`pending call 1 "two"`]);
  answer(second);
  assertEquals(own(0), []);
});

Deno.test("ActivityLog counts calls that it cannot tell from those given up", () => {
  const { own, send } = makeLog({ isRpc: false });
  send("given up");
  send("pending");
  assertEquals(own(1), ["pending calls (1)"]);
  assertEquals(own(0), []);
});

Deno.test("ActivityLog names the calls of RPC until they end, and no other requests", () => {
  const { end, own, send, start } = makeLog();
  send(["$/next", [0, 1], {}]);
  const { call } = start("work");
  assertEquals(own(2), [`pending call 1 of 'work' [ "arg" ]`]);
  end(call);
  assertEquals(own(1), []);
});

Deno.test("ActivityLog counts the methods, streams and references for the other side", () => {
  const log = makeLog();
  const { call } = log.start("one", "served");
  log.start("two", "served");
  log.stream("produced");
  const reference = log.keep(null, "peer");
  assertEquals(log.own(), []);
  assertEquals(log.served(), [
    "running methods (2)",
    "streams produced for the other side (1)",
    "references given to the other side (1)",
  ]);
  log.end(call);
  log.emit({ type: "reference-released", reference });
  assertEquals(log.served(), [
    "running methods (1)",
    "streams produced for the other side (1)",
  ]);
});

Deno.test("ActivityLog names a stream by the call that is answered, with its stack", () => {
  const log = makeLog({ trace: true });
  const { id, call } = fromOutside(() => log.start("ticks"));
  log.start("another");
  log.answer(id);
  const stream = log.stream();
  log.end(call);
  assertMatch(log.own()[1]!, /^open stream from 'ticks' \(read it/);
  assertStringIncludes(log.stacks()[1]!, "fromOutside");
  log.emit({ type: "stream-ended", stream });
  assertEquals(log.own().length, 1);
});

Deno.test("ActivityLog names a stream that came with no result", () => {
  const log = makeLog();
  log.stream();
  assertMatch(log.own()[0]!, /^open stream from the other side \(/);
});

Deno.test("ActivityLog names kept references by how they came, until they are released", () => {
  const log = makeLog();
  const kept = ["subscribe", "$/ref/0", "$/ref/0/tell"].map((path) =>
    log.keep(log.start(path, "served").call)
  );
  kept.push(log.keep(null));
  assertEquals(log.own().map((what) => what.slice(0, what.indexOf(" ("))), [
    "kept reference passed to 'subscribe'",
    "kept reference passed to a function",
    "kept reference passed to 'tell'",
    "kept reference from the other side",
  ]);
  for (const reference of kept) {
    log.emit({ type: "reference-released", reference });
  }
  assertEquals(log.own(), []);
  log.emit({ type: "reference-released", reference: kept[0]! });
});

Deno.test("ActivityLog escapes names that the other side chose", () => {
  const log = makeLog();
  const name = "\u001b[2Jwork\nok";
  log.answer(log.start(name).id);
  log.stream();
  log.keep(log.start(`$/ref/1/${name}`, "served").call);
  assertEquals(log.own().length, 3);
  for (const what of log.own()) {
    assertEquals(/\p{Cc}/u.test(what), false, what);
    assertMatch(what, /\\u\{1b\}\[2Jwork\\nok/);
  }
});

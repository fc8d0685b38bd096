import { assertEquals, assertMatch } from "@std/assert";
import { RpcLog } from "./_rpc_log.ts";

/** A log with one channel, and how that sends and receives. */
function makeLog() {
  const [log, channel] = [new RpcLog(), {}];
  let nextId = 0;
  return {
    held: () => log.describe(channel).map(({ what }) => what),
    stacks: () => log.describe(channel).map(({ stack }) => stack),
    call(path: string, args: unknown[], stack: string | null = null): number {
      log.message(channel, "out", 0, nextId, [path, args, {}], stack);
      return nextId++;
    },
    answer(id: number, content: unknown, type = 1): void {
      log.message(channel, "in", type, id, content, null);
    },
    request(path: string, args: unknown[]): void {
      log.message(channel, "in", 0, 0, [path, args, {}], null);
    },
  };
}

const STREAM = { __type__: [0, "$/stream/7"] };
const REFERENCE = { __type__: [0, "$/ref/3"] };

Deno.test("RpcLog holds a stream from its call's answer on, with the call's stack", () => {
  const { answer, call, held, stacks } = makeLog();
  const id = call("ticks", [], "at ticks");
  assertEquals(held(), []);
  answer(id, { nested: [STREAM] });
  assertMatch(held()[0]!, /^open stream from 'ticks' \(/);
  assertEquals(stacks(), ["at ticks"]);
});

Deno.test("RpcLog lets go of a stream that is left, or at its end", () => {
  for (
    const end of [
      ({ call }: ReturnType<typeof makeLog>) => void call("$/return", [7]),
      ({ call, answer }: ReturnType<typeof makeLog>) =>
        answer(call("$/next", [7, 0]), { items: [1], done: true }),
      ({ call, answer }: ReturnType<typeof makeLog>) =>
        answer(call("$/next", [7, 0]), { name: "Error", message: "" }, 2),
    ]
  ) {
    const log = makeLog();
    log.answer(log.call("ticks", []), STREAM);
    log.answer(log.call("$/next", [7, 0]), { items: [1], done: false });
    assertEquals(log.held().length, 1);
    end(log);
    assertEquals(log.held(), []);
  }
});

Deno.test("RpcLog holds no stream of a call that was given up or failed", () => {
  const { answer, call, held } = makeLog();
  const id = call("ticks", []);
  call("$/cancel", [id]);
  answer(id, STREAM);
  answer(call("ticks", []), STREAM, 2);
  answer(99, STREAM);
  assertEquals(held(), []);
});

Deno.test("RpcLog holds a kept reference until it is released as often", () => {
  const { call, held, request } = makeLog();
  request("subscribe", [REFERENCE]);
  assertEquals(held(), []);
  call("$/keep", [3]);
  call("$/keep", [3]);
  assertMatch(held()[0]!, /^kept reference passed to 'subscribe' \(/);
  call("$/release", [3]);
  assertEquals(held().length, 1);
  call("$/release", [3]);
  assertEquals(held(), []);
  call("$/release", [3]);
  assertEquals(held(), []);
});

Deno.test("RpcLog tells how a kept reference came", () => {
  const { answer, call, held, request } = makeLog();
  answer(call("make", []), REFERENCE);
  call("$/keep", [3]);
  request("$/ref/0", [{ __type__: [0, "$/ref/4"] }]);
  call("$/keep", [4]);
  request("$/ref/0/tell", [{ __type__: [0, "$/ref/5"] }]);
  call("$/keep", [5]);
  call("$/keep", [6]);
  assertEquals(held().map((what) => what.slice(0, what.indexOf(" ("))), [
    "kept reference returned by 'make'",
    "kept reference passed to a function",
    "kept reference passed to 'tell'",
    "kept reference from the other side",
  ]);
});

Deno.test("RpcLog holds nothing of a channel without RPC", () => {
  const { held, answer } = makeLog();
  const log = new RpcLog();
  const channel = {};
  log.message(channel, "out", 0, 0, "text", null);
  log.message(channel, "in", 1, 0, STREAM, null);
  answer(0, STREAM);
  assertEquals([...log.describe(channel), ...held()], []);
});

Deno.test("RpcLog escapes names that the other side chose", () => {
  const { answer, call, held, request } = makeLog();
  const name = "\u001b[2Jwork\nok";
  answer(call(name, []), STREAM);
  request(`$/ref/1/${name}`, [REFERENCE]);
  call("$/keep", [3]);
  for (const what of held()) {
    assertEquals(/\p{Cc}/u.test(what), false, what);
    assertMatch(what, /\\u\{1b\}\[2Jwork\\nok/);
  }
  assertEquals(held().length, 2);
});

import { assertEquals } from "@std/assert";
import { CallLog } from "./_call_log.ts";

const plain = { isRpc: false };
const rpc = { isRpc: true };

/** A log in which one channel has sent `contents`. */
function logOf(contents: readonly unknown[]) {
  const [log, channel] = [new CallLog(), {}];
  contents.forEach((content, id) =>
    log.sent(channel, id, { content, stack: null })
  );
  return {
    log,
    channel,
    describe: (pending: number, options: { readonly isRpc: boolean }) =>
      log.describe(channel, pending, options).map(({ what }) => what),
  };
}

Deno.test("CallLog names the calls that are pending", () => {
  const { channel, describe, log } = logOf(["one", "two"]);
  log.answered(channel, 0);
  assertEquals(describe(1, plain), [`pending call 1 "two"`]);
  log.answered(channel, 1);
  assertEquals(describe(0, plain), []);
});

Deno.test("CallLog counts calls that it cannot tell from those given up", () => {
  const { describe } = logOf(["given up", "pending"]);
  assertEquals(describe(1, plain), ["pending calls (1)"]);
  assertEquals(describe(0, plain), []);
});

Deno.test("CallLog leaves out what RPC calls on its own, if there is RPC", () => {
  const next = ["$/next", [0, 1], {}];
  const work = ["work", [], {}];
  const { describe } = logOf([next, work]);
  assertEquals(describe(2, rpc), [`pending call 1 [ "work", [], {} ]`]);
  assertEquals(describe(2, plain).length, 2);
  assertEquals(logOf([next, next]).describe(2, rpc), []);
});

Deno.test("CallLog counts without what RPC calls on its own", () => {
  const { describe } = logOf([["$/next", [0, 1], {}], "given up", "pending"]);
  assertEquals(describe(2, rpc), ["pending calls (1)"]);
  assertEquals(describe(1, rpc), []);
});

Deno.test("CallLog forgets a call that RPC cancels", () => {
  const work = ["work", [], {}];
  const { describe } = logOf([work, work, ["$/cancel", [0], {}]]);
  assertEquals(describe(2, rpc), [`pending call 1 [ "work", [], {} ]`]);
});

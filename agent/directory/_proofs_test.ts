import { assertEquals, assertRejects } from "@std/assert";
import { nextTurn } from "../../testing/fixtures/next_turn.ts";
import { ValidationError } from "../../rpc/errors.ts";
import { Proofs } from "./_proofs.ts";

const { signal } = new AbortController();
const KEY = "k".repeat(16);

/** Proofs with the given answers, and the addresses that were asked. */
function proofsBy(answer: () => "container" | "agent" | null | Promise<null>) {
  const asked: string[] = [];
  const confirms = async (address: string) => {
    asked.push(address);
    return await answer();
  };
  const directory = "tcp://127.0.0.1:5555/directory";
  const proofs = new Proofs({ confirms }, directory);
  const check = (caller: object, port: number, end = signal) =>
    proofs.check(`tcp://127.0.0.1:${port}/0`, KEY, caller, end);
  return { check, ports: () => asked.splice(0).map((it) => it.at(-3)) };
}

Deno.test("Proofs.check asks for one caller one after the other", async () => {
  const stuck = Promise.withResolvers<null>();
  const { check, ports } = proofsBy(() => stuck.promise);
  const caller = {};
  const waiting = [1, 2, 3].map((port) => check(caller, port));
  // Other callers do not wait.
  waiting.push(check({}, 4));
  await nextTurn();
  assertEquals(ports(), ["1", "4"]);
  stuck.resolve(null);
  const ends = await Promise.allSettled(waiting);
  assertEquals(ends.filter(({ status }) => status === "rejected").length, 4);
  assertEquals(ports(), ["2", "3"]);
});

Deno.test("Proofs.check asks nobody for a caller that has given up", async () => {
  const { check, ports } = proofsBy(() => "container");
  const end = new AbortController();
  const caller = {};
  const first = check(caller, 1);
  const second = check(caller, 2, end.signal);
  end.abort(new RangeError("over"));
  await first;
  await assertRejects(() => second, RangeError, "over");
  assertEquals(ports(), ["1"]);
});

Deno.test("Proofs.check asks a container once for each connection", async () => {
  let by: "container" | "agent" | null = "container";
  const { check, ports } = proofsBy(() => by);
  const [one, two] = [{}, {}];
  await check(one, 1);
  await check(one, 1);
  assertEquals(ports(), ["1"]);
  // A proof is valid only for its caller and its address.
  by = null;
  await assertRejects(() => check(two, 1), ValidationError);
  await assertRejects(() => check(one, 2), ValidationError);
  assertEquals(ports(), ["1", "2"]);
  // An agent confirms only itself.
  by = "agent";
  await check(two, 1);
  await check(two, 1);
  assertEquals(ports(), ["1", "1"]);
});

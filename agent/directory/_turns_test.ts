import { assert, assertEquals, assertRejects } from "@std/assert";
import { world } from "../../transports/internal.ts";
import { Turns } from "./_turns.ts";

Deno.test("Turns.run does the work of one caller one after the other", async () => {
  const turns = new Turns();
  const { signal } = new AbortController();
  const [greedy, modest] = [{}, {}];
  const log: string[] = [];
  let running = 0;
  const work = (name: string) => async () => {
    assert(name === "modest" || running++ === 0);
    await world.nextTurn();
    log.push(name);
    if (name === "greedy") running--;
  };
  const all = Array.from(
    { length: 100 },
    () => turns.run(greedy, signal, work("greedy")),
  );
  await world.nextTurn();
  await turns.run(modest, signal, work("modest"));
  assert(log.indexOf("modest") < 5, `${log.indexOf("modest")}`);
  await Promise.all(all);
  assertEquals(log.filter((it) => it === "greedy").length, 100);
});

Deno.test("Turns.run lets others have their turn in between", async () => {
  const turns = new Turns();
  const { signal } = new AbortController();
  const caller = {};
  let done = 0;
  const all = Array.from(
    { length: 50 },
    () => turns.run(caller, signal, () => void done++),
  );
  await world.nextTurn();
  assert(done < 5, `${done}`);
  await Promise.all(all);
});

Deno.test("Turns.run goes on after work that fails", async () => {
  const turns = new Turns();
  const { signal } = new AbortController();
  const caller = {};
  const failing = turns.run(caller, signal, () => {
    throw new RangeError("no");
  });
  const next = turns.run(caller, signal, () => 5);
  await assertRejects(() => failing, RangeError);
  assertEquals(await next, 5);
});

Deno.test("Turns.run ends at once when its caller is gone, and keeps the order", async () => {
  const turns = new Turns();
  const caller = {};
  const { signal } = new AbortController();
  const gone = new AbortController();
  const first = Promise.withResolvers<void>();
  const log: string[] = [];
  const running = turns.run(caller, signal, () => first.promise);
  const given = turns.run(caller, gone.signal, () => void log.push("gone"));
  const last = turns.run(caller, signal, () => void log.push("last"));
  gone.abort(new RangeError("gone"));
  await assertRejects(() => given, RangeError, "gone");
  await world.nextTurn();
  assertEquals(log, []);
  first.resolve();
  await Promise.all([running, last]);
  assertEquals(log, ["last"]);
});

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Inbox } from "./_inbox.ts";

class Ended extends Error {}

function ended(): Inbox<number> {
  const inbox = new Inbox<number>();
  inbox.end(() => new Ended(), true);
  return inbox;
}

Deno.test("Inbox hands out items in order, kept or awaited", async () => {
  const inbox = new Inbox<number>();
  inbox.push(1);
  inbox.push(2);
  assertEquals(await inbox.recv(), 1);
  assertEquals(await inbox.recv(), 2);
  const next = inbox.recv();
  inbox.push(3);
  assertEquals(await next, 3);
});

Deno.test("Inbox holds many items without loss and counts them", async () => {
  const inbox = new Inbox<number>();
  for (let i = 0; i < 10_000; i++) inbox.push(i);
  for (let i = 0; i < 5_000; i++) assertEquals(await inbox.recv(), i);
  for (let i = 10_000; i < 12_000; i++) inbox.push(i);
  assertEquals(inbox.size, 7_000);
  for (let i = 5_000; i < 12_000; i++) assertEquals(await inbox.recv(), i);
  assertEquals(inbox.size, 0);
});

Deno.test("Inbox refuses a second recv while one is waiting", async () => {
  const inbox = new Inbox<number>();
  const first = inbox.recv();
  await assertRejects(() => inbox.recv(), TypeError, "one reader");
  inbox.push(1);
  assertEquals(await first, 1);
});

Deno.test("Inbox refuses a loop beside a recv and beside a loop", async () => {
  const inbox = new Inbox<number>();
  const first = inbox.recv();
  assertThrows(() => inbox[Symbol.asyncIterator](), TypeError, "one reader");
  inbox.push(1);
  await first;
  inbox.push(2);
  for await (const each of inbox) {
    assertEquals(each, 2);
    assertThrows(() => inbox[Symbol.asyncIterator](), TypeError);
    await assertRejects(() => inbox.recv(), TypeError, "loop is reading");
    break;
  }
});

Deno.test("Inbox can be read again after a loop was left", async () => {
  const inbox = new Inbox<number>();
  inbox.push(1);
  inbox.push(2);
  inbox.push(3);
  for await (const each of inbox) if (each === 1) break;
  assertEquals(await inbox.recv(), 2);
  for await (const each of inbox) if (each === 3) break;
});

Deno.test("Inbox gives what it kept, then rejects, each time anew", async () => {
  const inbox = new Inbox<number>();
  inbox.push(1);
  inbox.end(() => new Ended(), true);
  assertEquals(await inbox.recv(), 1);
  const first = await assertRejects(() => inbox.recv(), Ended);
  const second = await assertRejects(() => inbox.recv(), Ended);
  assertEquals(first === second, false);
});

Deno.test("Inbox rejects a recv that waits when it ends", async () => {
  const inbox = new Inbox<number>();
  const waiting = assertRejects(() => inbox.recv(), Ended);
  inbox.end(() => new Ended(), false);
  await waiting;
});

Deno.test("Inbox ends a loop quietly, or throws, as it was ended", async () => {
  for await (const _ of ended()) throw new Error("nothing to read");

  const waiting = new Inbox<number>();
  const loop = (async () => {
    for await (const _ of waiting) throw new Error("nothing to read");
  })();
  waiting.end(() => new Ended(), true);
  await loop;

  const left = new Inbox<number>();
  const iterator = left[Symbol.asyncIterator]();
  const next = iterator.next();
  await iterator.return!();
  left.end(() => new Ended(), true);
  assertEquals(await next, { done: true, value: undefined });

  const loud = new Inbox<number>();
  loud.end(() => new Ended(), false);
  await assertRejects(async () => {
    for await (const _ of loud) throw new Error("nothing to read");
  }, Ended);
});

Deno.test("Inbox gives up what it kept when cleared", async () => {
  const inbox = new Inbox<number>();
  inbox.push(1);
  inbox.push(2);
  await inbox.recv();
  inbox.push(3);
  assertEquals(inbox.clear(), [2, 3]);
  assertEquals(inbox.size, 0);
});

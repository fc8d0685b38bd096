import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { QueueFullError, SerializationError } from "../../channel/errors.ts";
import { MissedItemsError } from "../errors.ts";
import { type SubscribeOptions, type Subscription, Topic } from "./topic.ts";

async function take<T>(items: Subscription<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  while (taken.length < count) taken.push((await items.next()).value!);
  return taken;
}

Deno.test("Topic passes each item to all that subscribe", async () => {
  using topic = new Topic<number>();
  const [one, other] = [topic.subscribe(), topic.subscribe()];
  for (let n = 1; n <= 3; n++) topic.publish(n);
  assertEquals(await take(one, 3), [1, 2, 3]);
  assertEquals(await take(other, 3), [1, 2, 3]);
});

Deno.test("Topic.subscribe begins with what is published from now on", async () => {
  using topic = new Topic<number>();
  topic.publish(1);
  const items = topic.subscribe();
  topic.publish(2);
  assertEquals(await take(items, 1), [2]);
});

Deno.test("Topic.subscribe waits for items, several at once", async () => {
  using topic = new Topic<number>();
  const items = topic.subscribe();
  const next = [items.next(), items.next()];
  topic.publish(1);
  topic.publish(2);
  const results = await Promise.all(next);
  assertEquals(results.map(({ value }) => value), [1, 2]);
});

Deno.test("Topic.subscribe replays the last items, as far as they are kept", async () => {
  using topic = new Topic<number>({ keep: 3 });
  for (let n = 1; n <= 5; n++) topic.publish(n);
  assertEquals(await take(topic.subscribe({ last: 2 }), 2), [4, 5]);
  assertEquals(await take(topic.subscribe({ last: 10 }), 3), [3, 4, 5]);
});

Deno.test("Topic.entries continues after an id", async () => {
  using topic = new Topic<string>();
  const first = await topic.publish("a");
  const second = await topic.publish("b");
  assert(second > first);
  const items = topic.entries({ after: first });
  assertEquals(await take(items, 1), [{ id: second, value: "b" }]);
});

Deno.test("Topic.subscribe tells when items after an id are gone", async () => {
  using topic = new Topic<number>({ keep: 2 });
  const first = await topic.publish(1);
  for (let n = 2; n <= 4; n++) topic.publish(n);
  const items = topic.subscribe({ after: first });
  await assertRejects(() => items.next(), MissedItemsError);
  assertEquals(await items.next(), { done: true, value: undefined });
  const skipping = topic.subscribe({ after: first, onSlow: "skip" });
  assertEquals(await take(skipping, 2), [3, 4]);
});

Deno.test("Topic.subscribe takes an id of the future for one of another process", async () => {
  using topic = new Topic<number>();
  const id = await topic.publish(1);
  const after = id + 1;
  await assertRejects(
    () => topic.subscribe({ after }).next(),
    MissedItemsError,
  );
});

Deno.test("Topic gives larger ids than an earlier topic did", async () => {
  const earlier = new Topic<number>();
  let last = 0;
  for (let n = 0; n < 100; n++) last = await earlier.publish(n);
  await new Promise((resolve) => setTimeout(resolve, 2));
  assert(await new Topic<number>().publish(0) > last);
});

Deno.test("Topic ends a subscriber that is slow", async () => {
  using topic = new Topic<number>({ keep: 2 });
  const slow = topic.subscribe({ as: "slow" });
  const fast = topic.subscribe();
  for (let n = 1; n <= 3; n++) {
    topic.publish(n);
    assertEquals(await take(fast, 1), [n]);
  }
  await assertRejects(() => slow.next(), MissedItemsError);
  assertEquals(topic.subscribers, [undefined]);
});

Deno.test("Topic.publish waits for a subscriber that wants all items", async () => {
  using topic = new Topic<number>({ keep: 2 });
  const items = topic.subscribe({ onSlow: "wait" });
  const published: number[] = [];
  const publish = (n: number) => topic.publish(n).then(() => published.push(n));
  for (let n = 1; n <= 4; n++) publish(n);
  await assertRejects(() => topic.publish(5), QueueFullError);
  assertEquals(published, [1, 2]);
  assertEquals(await take(items, 1), [1]);
  await Promise.resolve();
  assertEquals(published, [1, 2, 3]);
  assertEquals(await take(items, 3), [2, 3, 4]);
});

Deno.test("Topic.publish waits no longer once the slow subscriber has left", async () => {
  using topic = new Topic<number>({ keep: 1 });
  const items = topic.subscribe({ onSlow: "wait" });
  topic.publish(1);
  const second = topic.publish(2);
  await items.return!();
  assert(await second > 0);
});

Deno.test("Topic.close ends all subscriptions after their items", async () => {
  const topic = new Topic<number>({ keep: 1 });
  const behind = topic.subscribe();
  const waiting = topic.subscribe();
  topic.publish(1);
  assertEquals(await take(waiting, 1), [1]);
  const next = waiting.next();
  const slow = topic.subscribe({ onSlow: "wait", last: 1 });
  const late = topic.publish(2);
  topic.close();
  topic.close();
  assertEquals((await next).done, true);
  assertEquals(await Array.fromAsync(behind), [1]);
  assertEquals(await Array.fromAsync(slow), [1]);
  await assertRejects(() => late, TypeError, "closed");
  await assertRejects(() => topic.publish(3), TypeError, "closed");
  assertEquals(topic.subscribers, []);
});

Deno.test("Topic.close passes an error to the subscribers", async () => {
  const topic = new Topic<number>();
  const items = topic.subscribe();
  topic.close(new RangeError("no more"));
  await assertRejects(() => items.next(), RangeError, "no more");
});

Deno.test("Topic.presence tells who subscribes and leaves", async () => {
  using topic = new Topic<number>();
  const changes = topic.presence.subscribe();
  const ada = topic.subscribe({ as: "ada" });
  const bob = topic.subscribe({ as: "bob" });
  assertEquals(topic.subscribers, ["ada", "bob"]);
  const next = ada.next();
  await ada.return!();
  assertEquals((await next).done, true);
  assertEquals(topic.subscribers, ["bob"]);
  assertEquals(await take(changes, 3), [
    { as: "ada", isPresent: true },
    { as: "bob", isPresent: true },
    { as: "ada", isPresent: false },
  ]);
  await bob.return!();
});

Deno.test("Topic refuses to keep no items", () => {
  for (const keep of [0, -1, 1.5, NaN, Infinity]) {
    assertThrows(() => new Topic({ keep }), RangeError);
  }
});

Deno.test("Topic.publish refuses what no connection can carry", async () => {
  using topic = new Topic<unknown>();
  const items = topic.subscribe();
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  const bad = [
    Symbol("a"),
    { a: [Symbol()] },
    Promise.resolve(1),
    { toJSON: () => 1 },
    circle,
  ];
  for (const item of bad) {
    await assertRejects(() => topic.publish(item), SerializationError);
  }
  class Point {}
  const good = [1n, NaN, "\ud800", new Point(), () => 1, new Uint8Array(1)];
  for (const item of good) await topic.publish(item);
  assertEquals(await take(items, good.length), good);
});

Deno.test("Topic.subscribe refuses options out of range", () => {
  using topic = new Topic<number>();
  const bad = [
    { last: -1 },
    { last: 1.5 },
    { last: NaN },
    { last: "1" },
    { after: NaN },
    { after: null },
    { onSlow: "drop" },
  ];
  for (const options of bad) {
    const subscribe = () => topic.subscribe(options as SubscribeOptions);
    assertThrows(subscribe, RangeError, "Cannot subscribe");
  }
  assertEquals(topic.subscribers, []);
  topic.subscribe({ last: Infinity, after: 0, onSlow: "skip" });
  assertEquals(topic.subscribers.length, 1);
});

Deno.test("Topic.presence takes any value that identifies a subscriber", async () => {
  using topic = new Topic<number>();
  const changes = topic.presence.subscribe();
  const as = Symbol("ada");
  topic.subscribe({ as });
  assertEquals(await take(changes, 1), [{ as, isPresent: true }]);
});

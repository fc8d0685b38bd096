import { assertEquals } from "@std/assert";
import type { ConnectionChannel } from "../../channel/internal.ts";
import { Budget } from "../../channel/limits/budget.ts";
import { Entries } from "./_entries.ts";
import { Subscription } from "./_subscription.ts";

Deno.test("Subscription.next tells of no entry that came and went before", async () => {
  const { signal } = new AbortController();
  const entries = new Entries((...change) => subscription.changed(...change));
  const channel = {
    budget: new Budget(1024 * 1024),
    closed: new Promise<never>(() => {}),
  } as unknown as ConnectionChannel;
  const query = { type: "a", match: { isOpen: true } };
  const budget = new Budget(1024 * 1024);
  const subscription = new Subscription(query, entries.all(), budget);
  const idle = budget.bytes;
  const set = (key: string, isOpen: boolean) => {
    const address = `local://a/${key}`;
    const properties = { isOpen };
    entries.set({ type: "a", address, properties, key }, channel);
  };
  for (let i = 0; i < 100; i++) {
    set(`${i}`, true);
    if (i % 2 === 0) set(`${i}`, false);
    entries.remove(`${i}`);
    assertEquals(budget.bytes, idle);
  }
  set("kept", true);
  const [kept] = entries.all();
  const pending = budget.bytes;
  assertEquals(pending > idle, true);
  assertEquals(await subscription.next(signal), {
    id: 101,
    entry: kept!.entry,
  });
  // For an entry that was sent before, only the last state is sent.
  set("kept", false);
  set("kept", true);
  entries.remove("kept");
  assertEquals(budget.bytes, pending);
  assertEquals(await subscription.next(signal), { id: 101, entry: null });
  assertEquals(budget.bytes, idle);
  subscription.release();
  assertEquals([budget.bytes, channel.budget.bytes], [0, 0]);
});

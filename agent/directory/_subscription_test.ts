import { assertEquals } from "@std/assert";
import { Budget } from "../../channel/limits/budget.ts";
import { Entries, listingOf } from "./_entries.ts";
import { Subscription } from "./_subscription.ts";

Deno.test("Subscription.next tells of no entry that came and went before", async () => {
  const { signal } = new AbortController();
  const entries = new Entries(
    (before, after) => subscription.changed(before, after),
    Infinity,
  );
  const budget = new Budget(4);
  const subscriber = { session: {}, host: "this machine" };
  const query = { type: "a", match: { isOpen: true } };
  const subscription = new Subscription(subscriber, entries, query, budget);
  const show = (key: string, isOpen = true) => {
    const address = `local://a/${key}`;
    const properties = { isOpen };
    const listing = listingOf({ type: "a", address, properties, key });
    entries.add(listing);
    entries.show(listing);
    return listing;
  };
  for (let i = 0; i < 100; i++) {
    const listing = show(`${i}`);
    if (i % 2 === 0) entries.change(listing, { isOpen: false });
    entries.remove(listing, "it is gone");
    assertEquals(budget.bytes, 0);
  }
  const kept = show("kept");
  assertEquals(budget.bytes, 1);
  assertEquals(await subscription.next(signal), {
    id: 101,
    entry: kept.entry,
  });
  // Of one that it has heard of, it hears how it is at last.
  entries.change(kept, { isOpen: false });
  entries.change(kept, { isOpen: true });
  entries.remove(kept, "it is gone");
  assertEquals(budget.bytes, 1);
  assertEquals(await subscription.next(signal), { id: 101, entry: null });
  assertEquals(budget.bytes, 0);
});

import { assertEquals } from "@std/assert";
import { negotiate } from "./fair_shares.ts";

/** Returns a party that wants at most `wanted`. */
function party(wanted: number) {
  return { take: (offer: number) => Promise.resolve(Math.min(offer, wanted)) };
}

async function share(wanted: readonly number[], total: number) {
  return await negotiate(wanted.map(party), total);
}

Deno.test("negotiate gives all what they want if there is enough", async () => {
  assertEquals(await share([3, 0, 5], 8), [3, 0, 5]);
  assertEquals(await share([3, 0, 5], 100), [3, 0, 5]);
  assertEquals(await share([], 100), []);
});

Deno.test("negotiate shares alike what is left by the modest", async () => {
  assertEquals(await share([1, 9, 9], 11), [1, 5, 5]);
  assertEquals(await share([9, 2, 9, 4], 16), [5, 2, 5, 4]);
  assertEquals(await share([9, 9, 9], 0), [0, 0, 0]);
});

Deno.test("negotiate gives what cannot be divided to the first", async () => {
  assertEquals(await share([9, 9, 9], 11), [4, 4, 3]);
  assertEquals(await share([3, 9, 9], 11), [3, 4, 4]);
  assertEquals(await share([1, 9, 9], 10), [1, 5, 4]);
});

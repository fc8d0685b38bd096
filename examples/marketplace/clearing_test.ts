import { assertEquals } from "@std/assert";
import { clear } from "./clearing.ts";

const offers = [
  { bidder: "c", price: 30, amount: 5 },
  { bidder: "b", price: 10, amount: 5 },
  { bidder: "a", price: 10, amount: 5 },
];

Deno.test("clear takes the cheapest offers, and pays all what the dearest asks", () => {
  assertEquals(clear(offers, 12), {
    price: 30,
    awards: [
      { bidder: "a", amount: 5 },
      { bidder: "b", amount: 5 },
      { bidder: "c", amount: 2 },
    ],
    missing: 0,
  });
  assertEquals(clear(offers, 5).price, 10);
});

Deno.test("clear tells what nobody sold", () => {
  assertEquals(clear(offers, 20).missing, 5);
  assertEquals(clear([], 3), { price: 0, awards: [], missing: 3 });
  assertEquals(clear(offers, 0), { price: 0, awards: [], missing: 0 });
});

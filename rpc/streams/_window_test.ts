import { assertEquals } from "@std/assert";
import {
  DEFAULT_WINDOW,
  firstWindow,
  nextWindow,
  type Pace,
} from "./_window.ts";

const FAST: Pace = { isUsedUp: true, waitMs: 2, consumed: 32, consumedMs: 0.1 };

Deno.test("nextWindow grows to what is consumed while items come, and to the most", () => {
  assertEquals(nextWindow(64, FAST, DEFAULT_WINDOW), 2_560);
  assertEquals(nextWindow(2_560, FAST, DEFAULT_WINDOW), 2_560);
  const most = { items: 1_000, bytes: 1 };
  assertEquals(nextWindow(64, FAST, most), 1_000);
  const instant = { ...FAST, consumedMs: 0 };
  assertEquals(nextWindow(64, instant, DEFAULT_WINDOW), 4_096);
});

Deno.test("nextWindow grows for no producer that does not use it", () => {
  const unused = { ...FAST, isUsedUp: false };
  assertEquals(nextWindow(64, unused, DEFAULT_WINDOW), 64);
});

Deno.test("nextWindow shrinks by steps to the first window, if it is far too large", () => {
  const slow = { ...FAST, consumedMs: 32 };
  assertEquals(nextWindow(128, slow, DEFAULT_WINDOW), 128);
  assertEquals(nextWindow(4_096, slow, DEFAULT_WINDOW), 2_048);
  const slower = { ...FAST, consumedMs: 3_200 };
  assertEquals(nextWindow(100, slower, DEFAULT_WINDOW), 64);
  assertEquals(nextWindow(4, slower, { items: 4, bytes: 1 }), 4);
});

Deno.test("nextWindow stays where time does not pass", () => {
  const still = { isUsedUp: true, waitMs: 0, consumed: 32, consumedMs: 0 };
  assertEquals(nextWindow(64, still, DEFAULT_WINDOW), 64);
  assertEquals(nextWindow(4_096, still, DEFAULT_WINDOW), 4_096);
});

Deno.test("firstWindow is the usual one, or what the user allows", () => {
  assertEquals(firstWindow(DEFAULT_WINDOW), { items: 64, bytes: 1_048_576 });
  assertEquals(firstWindow({ items: 3, bytes: 7 }), { items: 3, bytes: 7 });
});

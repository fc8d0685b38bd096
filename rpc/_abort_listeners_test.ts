import { assertEquals } from "@std/assert";
import { AbortListeners } from "./_abort_listeners.ts";

Deno.test("AbortListeners tells the reason, until it is removed or all are", () => {
  const listeners = new AbortListeners();
  const controller = new AbortController();
  const { signal } = controller;
  const heard: unknown[] = [];
  const remove = listeners.add(signal, (reason) => heard.push(1, reason));
  listeners.add(signal, (reason) => heard.push(2, reason));
  remove();
  remove();
  controller.abort("enough");
  assertEquals(heard, [2, "enough"]);

  const other = new AbortController();
  listeners.add(other.signal, () => heard.push(3));
  listeners.add(other.signal, () => heard.push(4));
  listeners.clear();
  other.abort();
  assertEquals(heard, [2, "enough"]);
});

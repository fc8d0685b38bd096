import { assert, assertEquals, assertFalse } from "@std/assert";
import { Budget } from "./budget.ts";
import { Hosts } from "./_hosts.ts";

Deno.test("Hosts counts so many connections from each", () => {
  const hosts = new Hosts(2, new Budget(Infinity), () => null);
  hosts.enter("a");
  assertFalse(hosts.isFull("a"));
  hosts.enter("a");
  assert(hosts.isFull("a"));
  assertFalse(hosts.isFull("b"));
  hosts.leave("a");
  assertFalse(hosts.isFull("a"));
});

Deno.test("Hosts counts what the connections of one host hold together", () => {
  const server = new Budget(100);
  const hosts = new Hosts(2, server, () => null);
  const host = hosts.enter("a");
  assertEquals(hosts.enter("a"), host);
  host.budget.hold(30);
  assertEquals(server.bytes, 30);
  assertEquals(host.budget.exceededBy(20), null);
  assertEquals(host.budget.exceededBy(21), host.budget);
  assertEquals(hosts.enter("b").budget.bytes, 0);
});

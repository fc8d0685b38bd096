import { assert, assertEquals } from "@std/assert";
import { Budget } from "./budget.ts";
import { Hosts } from "./_hosts.ts";

Deno.test("Hosts lets in so many from each, and others when those leave", () => {
  const hosts = new Hosts(2, new Budget(Infinity));
  assert(hosts.enter("tcp://a:1"));
  assert(hosts.enter("tcp://a:2"));
  assertEquals(hosts.enter("tcp://a:3"), null);
  assert(hosts.enter("tcp://b:1"));
  hosts.leave("tcp://a:1");
  assert(hosts.enter("tcp://a:3"));
  assertEquals(hosts.enter("tcp://a:4"), null);
});

Deno.test("Hosts counts what the connections of one host hold together", () => {
  const server = new Budget(100);
  const hosts = new Hosts(2, server);
  const host = hosts.enter("tcp://a:1")!;
  assertEquals(hosts.enter("tcp://a:2"), host);
  host.budget.hold(30);
  assertEquals(server.bytes, 30);
  assertEquals(host.budget.exceededBy(20), null);
  assertEquals(host.budget.exceededBy(21), host.budget);
  assertEquals(hosts.enter("tcp://b:1")!.budget.bytes, 0);
});

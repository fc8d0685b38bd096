import { assert, assertEquals } from "@std/assert";
import { Budget } from "./budget.ts";
import { hostOf, Hosts } from "./_hosts.ts";

const HOSTS: [address: string, host: string][] = [
  ["tcp://10.0.0.7:80", "10.0.0.7"],
  ["tls://10.0.0.7:80", "10.0.0.7"],
  ["tcp://name:80", "name"],
  ["tcp://[::ffff:10.0.0.7]:80", "10.0.0.7"],
  ["tcp://[2001:db8:1:2:3:4:5:6]:80", "2001:db8:1:2"],
  ["tcp://[2001:db8:1:2::]:80", "2001:db8:1:2"],
  ["tcp://[2001:DB8:1:0002::9]:80", "2001:db8:1:2"],
  ["tcp://[2001:db8::9]:80", "2001:db8:0:0"],
  ["tcp://[fe80::1%eth0]:80", "fe80:0:0:0"],
  ["tcp://[::1]:80", "0:0:0:0"],
  ["ipc://[/tmp/a.sock]#client", ""],
  ["ipc://[/tmp/a:1]#client", ""],
  ["local://name#7", ""],
];

for (const [address, host] of HOSTS) {
  Deno.test(`hostOf '${address}' is '${host}'`, () => {
    assertEquals(hostOf(address), host);
  });
}

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

import { assertEquals } from "@std/assert";
import { HostGroups, hostOf } from "./hosts.ts";

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

Deno.test("HostGroups lets the oldest of the largest host give way", () => {
  const groups = new HostGroups<string>();
  groups.add("small", "s1");
  for (const member of ["l1", "l2", "l3"]) groups.add("large", member);
  assertEquals(groups.takeOldestOfLargest(), "l1");
  assertEquals(groups.takeOldestOfLargest(), "l2");
  groups.add("small", "s2");
  assertEquals(groups.takeOldestOfLargest(), "s1");
  const left = [groups.takeOldestOfLargest(), groups.takeOldestOfLargest()];
  assertEquals(left, ["s2", "l3"]);
});

Deno.test("HostGroups forgets who left, and hosts without members", () => {
  const groups = new HostGroups<number>();
  groups.add("a", 1);
  groups.add("a", 2);
  groups.delete("a", 1);
  groups.delete("a", 1);
  groups.delete("b", 2);
  assertEquals(groups.takeOldestOfLargest(), 2);
  assertEquals(groups.takeOldestOfLargest(), undefined);
});

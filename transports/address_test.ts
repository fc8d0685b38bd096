import {
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  type Address,
  formatAddress,
  parseAddress,
  schemeOf,
  transportFor,
} from "./address.ts";
import { memory } from "./memory.ts";
import { tcp } from "./tcp.ts";
import type { Transport } from "./transport.ts";
import { unix } from "./unix.ts";

const VALID: readonly (readonly [string, Address])[] = [
  ["tcp://127.0.0.1:0", { scheme: "tcp", host: "127.0.0.1", port: 0 }],
  ["tcp://localhost:5555", { scheme: "tcp", host: "localhost", port: 5555 }],
  ["tcp://a-b.example:65535", {
    scheme: "tcp",
    host: "a-b.example",
    port: 65535,
  }],
  ["tcp://[::1]:80", { scheme: "tcp", host: "::1", port: 80 }],
  ["tcp://[::]:1", { scheme: "tcp", host: "::", port: 1 }],
  ["tcp://[2001:DB8::7]:80", { scheme: "tcp", host: "2001:DB8::7", port: 80 }],
  ["tcp://[::ffff:10.0.0.1]:80", {
    scheme: "tcp",
    host: "::ffff:10.0.0.1",
    port: 80,
  }],
  ["tcp://[fe80::1%eth0.100]:80", {
    scheme: "tcp",
    host: "fe80::1%eth0.100",
    port: 80,
  }],
  ["ipc://[/tmp/socket]", { scheme: "ipc", path: "/tmp/socket" }],
  ["ipc://[/with space/ü/[1]]", { scheme: "ipc", path: "/with space/ü/[1]" }],
  ["local://name", { scheme: "local", name: "name" }],
  ["local://a:b#1", { scheme: "local", name: "a:b#1" }],
  ["nats://hub", { scheme: "nats", name: "hub" }],
  ["ws://host:80/path", { scheme: "ws", name: "host:80/path" }],
  ["wss://host:80", { scheme: "wss", host: "host", port: 80 }],
];

for (const [text, address] of VALID) {
  Deno.test(`parseAddress and formatAddress are inverse for '${text}'`, () => {
    assertEquals(parseAddress(text), address);
    assertEquals(formatAddress(address), text);
  });
}

/** Texts that no transport accepts. */
const INVALID: readonly string[] = [
  "",
  "tcp",
  "tcp:",
  "://x",
  "localhost:5555",
  "TCP://localhost:5555",
  "http://localhost:80",
  " tcp://localhost:80",
  "tcp://",
  "tcp://localhost",
  "tcp://localhost:",
  "tcp://:80",
  "tcp://localhost:65536",
  "tcp://localhost:99999",
  "tcp://localhost:100000",
  "tcp://localhost:080",
  "tcp://localhost:-1",
  "tcp://localhost:8o",
  "tcp://localhost:80/0",
  "tcp://localhost:80 ",
  "tcp://local host:80",
  "tcp://::1:80",
  "tcp://[::1]",
  "tcp://[::1",
  "tcp://[]:80",
  "tcp://[127.0.0.1]:80",
  "tcp://[localhost]:80",
  "tcp://[::1%]:80",
  "ipc://",
  "ipc:///tmp/socket",
  "ipc://[]",
  "ipc://[relative/socket]",
  "ipc://[/tmp/socket",
  "ipc://[/tmp/socket]/0",
  "ipc://[/tmp/so\0cket]",
  "local://",
  "local://a/b",
  "local://a b",
];

for (const text of INVALID) {
  Deno.test(`no built-in transport takes the address ${JSON.stringify(text)}`, async () => {
    for (const transport of [tcp(), unix(), memory()]) {
      const accept = () => {};
      const deeds = [
        () => transport.connect(text),
        () => transport.listen(text, accept),
      ];
      for (const deed of deeds) {
        const error = await assertRejects(deed, TypeError);
        assertStringIncludes(error.message, `address '${text}'`);
      }
    }
  });
}

Deno.test("schemeOf returns the part before '://' of any address", () => {
  assertEquals(schemeOf("tcp://x:1"), "tcp");
  assertEquals(schemeOf("my+tls://elsewhere"), "my+tls");
  for (const text of ["", "tcp", "tcp:x", "Tcp://x", "1tcp://x", "tcp://"]) {
    assertThrows(() => schemeOf(text), TypeError);
  }
});

Deno.test("schemeOf refuses a URL, and says that it takes a string", () => {
  const url = new URL("tcp://x:1") as unknown as string;
  assertThrows(() => schemeOf(url), TypeError, "it must be a string");
});

Deno.test("transportFor returns the transport with the scheme of the address", () => {
  const hub: Transport = { ...memory(), scheme: "nats" };
  const transports = [tcp(), hub];
  assertStrictEquals(transportFor("nats://hub", transports), hub);
  assertStrictEquals(transportFor("tcp://a:1", transports), transports[0]);
});

Deno.test("transportFor names the schemes at hand where none fits", () => {
  const refused = (transports: Transport[]) =>
    assertThrows(() => transportFor("ws://a:1", transports), TypeError).message;
  assertStringIncludes(refused([tcp(), memory()]), "'tcp', 'local'");
  assertStringIncludes(refused([]), "there is none");
  assertStringIncludes(
    refused([]),
    "add 'ws()' of '@denomas/denomas/websocket' or a door to 'transports'",
  );
});

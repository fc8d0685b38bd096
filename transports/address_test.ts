import { assertEquals, assertThrows } from "@std/assert";
import {
  type Address,
  formatAddress,
  parseAddress,
  schemeOf,
} from "./address.ts";

const IS_WINDOWS = Deno.build.os === "windows";

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
];

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

for (const [text, address] of VALID) {
  Deno.test({
    name: `parseAddress and formatAddress are inverse for '${text}'`,
    ignore: IS_WINDOWS && address.scheme === "ipc",
    fn: () => {
      assertEquals(parseAddress(text), address);
      assertEquals(formatAddress(address), text);
    },
  });
}

for (const text of INVALID) {
  Deno.test(`parseAddress refuses ${JSON.stringify(text)}`, () => {
    const error = assertThrows(() => parseAddress(text), TypeError);
    assertEquals(
      error.message.startsWith(`Cannot parse address '${text}': `),
      true,
    );
  });
}

Deno.test({
  name: "parseAddress takes a Windows path there",
  ignore: !IS_WINDOWS,
  fn: () => {
    const path = "C:\\temp\\socket";
    assertEquals(parseAddress(`ipc://[${path}]`), { scheme: "ipc", path });
  },
});

Deno.test("schemeOf gives what is before '://', known or not", () => {
  assertEquals(schemeOf("tcp://x:1"), "tcp");
  assertEquals(schemeOf("my+tls://elsewhere"), "my+tls");
  for (const text of ["", "tcp", "tcp:x", "Tcp://x", "1tcp://x"]) {
    assertThrows(() => schemeOf(text), TypeError);
  }
});

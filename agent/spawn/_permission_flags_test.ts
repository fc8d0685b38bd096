import { assertEquals, assertThrows } from "@std/assert";
import { permissionFlags } from "./_permission_flags.ts";
import type { SpawnPermissions } from "./contract.ts";

const memory = "local://parent";

Deno.test("permissionFlags allows a container to listen, and no more", () => {
  const flags = (address: string) =>
    permissionFlags({}, { listens: address, connects: [memory] });
  assertEquals(flags("tcp://127.0.0.1:0"), ["--allow-net=127.0.0.1:0"]);
  assertEquals(flags("tcp://[::1]:80"), ["--allow-net=[::1]:80"]);
  assertEquals(flags("tcp://0.0.0.0:80"), ["--allow-net=0.0.0.0:80"]);
  assertEquals(flags("ipc://[/run/a/s]"), [
    "--allow-net",
    "--allow-read=/run/a",
    "--allow-write=/run/a",
  ]);
});

Deno.test("permissionFlags allows a container to call its parent", () => {
  const flags = (parent: string) =>
    permissionFlags({}, { listens: "tcp://127.0.0.1:0", connects: [parent] });
  assertEquals(flags("tcp://127.0.0.1:4000"), [
    "--allow-net=127.0.0.1:0,127.0.0.1:4000",
  ]);
  assertEquals(flags("ipc://[/run/p]"), [
    "--allow-net=127.0.0.1:0,unix:/run/p",
    "--allow-read=/run/p",
    "--allow-write=/run/p",
  ]);
});

Deno.test("permissionFlags adds what else is allowed", () => {
  const flags = (extra: SpawnPermissions) =>
    permissionFlags(extra, {
      listens: "tcp://127.0.0.1:0",
      connects: [memory],
    });
  assertEquals(
    flags({
      net: ["example.com:443", new URL("https://example.org:8/x")],
      read: [new URL("file:///a%20b")],
      env: true,
      run: false,
      ffi: [],
      sys: undefined,
    }),
    [
      "--allow-env",
      "--allow-net=127.0.0.1:0,example.com:443,example.org:8",
      "--allow-read=/a b",
    ],
  );
  assertEquals(flags({ net: true }), ["--allow-net"]);
});

Deno.test("permissionFlags refuses what a flag cannot say", () => {
  const flags = (extra: object) => () =>
    permissionFlags(extra, { listens: memory, connects: [memory] });
  assertThrows(flags({ read: ["/a,/etc"] }), TypeError, "comma");
  assertThrows(flags({ read: [""] }), TypeError, "empty");
  assertThrows(flags({ all: true }), TypeError, "'all'");
  assertThrows(flags({ net: "inherit" }), TypeError, "inherit");
});

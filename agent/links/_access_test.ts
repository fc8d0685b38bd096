import { assertEquals, assertStrictEquals } from "@std/assert";
import type { Authenticate, UnknownPeer } from "../../rpc/authenticate.ts";
import { Access } from "./_access.ts";

Deno.test("Access compares whole addresses", () => {
  const access = new Access({});
  access.name("tcp://127.0.0.1:1");
  access.name("ipc://[/run/a]");
  access.meet("local://a");
  for (
    const [address, expected] of [
      ["tcp://127.0.0.1:1", true],
      ["tcp://127.0.0.1:2", false],
      ["tcp://127.0.0.1:12", false],
      ["tcp://localhost:1", false],
      ["ipc://[/run/a]", true],
      ["ipc://[/run/b]", false],
      ["local://a", true],
      ["local://b", false],
    ] as const
  ) assertEquals(access.has(address), expected, address);
});

Deno.test("Access tells addresses that were named from those looked up", () => {
  const access = new Access({});
  access.meet("local://a");
  assertEquals(access.isNamed("local://a"), false);
  access.name("local://a");
  access.meet("local://a");
  assertEquals(access.isNamed("local://a"), true);
});

Deno.test("Access forgets the least recently used addresses", () => {
  const access = new Access({}, 3);
  for (const name of ["a", "b", "c", "a", "d"]) access.name(`local://${name}`);
  assertEquals(
    ["a", "b", "c", "d"].map((name) => access.isNamed(`local://${name}`)),
    [true, false, true, true],
  );
});

Deno.test("Access.approach shows credentials where the program named the address", async () => {
  const access = new Access({
    credentials: "secret",
    credentialsFor: (address) => address === "local://permitted",
  });
  access.name("local://named");
  access.meet("local://met");
  for (
    const [address, isLearned, showsCredentials] of [
      ["local://own", false, true],
      ["local://named", false, true],
      ["local://met", true, false],
      ["local://unknown", true, false],
      ["local://permitted", true, true],
    ] as const
  ) {
    assertEquals(
      await access.approach(address, "local://own"),
      { isLearned, showsCredentials },
      address,
    );
  }
});

const peer: UnknownPeer = {
  peerName: null,
  remoteAddress: "tcp://127.0.0.1:1",
  request: null,
  isInitiator: true,
  signal: new AbortController().signal,
};

Deno.test("Access preauthorizes a child at one address and until its end", () => {
  const authenticate: Authenticate = (credentials) => credentials ?? true;
  const access = new Access({ authenticate });
  const child = { credentials: "child", isPreauthorized: false };
  access.children.set("tcp://127.0.0.1:1", child);
  assertStrictEquals(access.authenticateAt("tcp://127.0.0.1:1"), authenticate);
  child.isPreauthorized = true;
  const inTime = access.authenticateAt("tcp://127.0.0.1:1")!;
  assertStrictEquals(access.authenticateAt("tcp://127.0.0.1:2"), authenticate);
  child.isPreauthorized = false;
  assertStrictEquals(access.authenticateAt("tcp://127.0.0.1:1"), authenticate);
  // The check of a connection that was made in time stays valid.
  assertEquals(inTime(undefined, peer), "child");
});

Deno.test("Access checks nothing without 'authenticate'", () => {
  const access = new Access({});
  const child = { credentials: "child", isPreauthorized: true };
  access.children.set("tcp://127.0.0.1:1", child);
  assertEquals(access.authenticateAt("tcp://127.0.0.1:1"), undefined);
});

Deno.test("Access shows a child the credentials that it was given", () => {
  const access = new Access({ credentials: "parent" });
  access.name("tcp://127.0.0.1:1");
  for (const [port, credentials] of [[1, undefined], [2, "child"]] as const) {
    const child = { credentials, isPreauthorized: false };
    access.children.set(`tcp://127.0.0.1:${port}`, child);
  }
  assertEquals(access.credentialsAt("tcp://127.0.0.1:1"), undefined);
  assertEquals(access.credentialsAt("tcp://127.0.0.1:2"), "child");
  assertEquals(access.credentialsAt("tcp://127.0.0.1:3"), "parent");
  access.removeChild("tcp://127.0.0.1:1");
  access.removeChild("tcp://127.0.0.1:2");
  assertEquals(access.credentialsAt("tcp://127.0.0.1:2"), "parent");
  assertEquals(access.has("tcp://127.0.0.1:1"), false);
});

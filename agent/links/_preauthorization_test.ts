import { assertEquals, assertStrictEquals } from "@std/assert";
import type { Authenticate, UnknownPeer } from "../../rpc/authenticate.ts";
import { Preauthorization } from "./_preauthorization.ts";

const peer: UnknownPeer = {
  peerName: null,
  remoteAddress: "tcp://127.0.0.1:1",
  isInitiator: true,
  signal: new AbortController().signal,
};

Deno.test("Preauthorization.at holds at one address and until its end", () => {
  const tells: Authenticate = (credentials) => credentials;
  const agreed = new Preauthorization(tells);
  using _spawned = agreed.spawned("tcp://127.0.0.1:1", "child");
  assertStrictEquals(agreed.at("tcp://127.0.0.1:1"), tells);
  let atHand: Authenticate;
  {
    using _ = agreed.admit("tcp://127.0.0.1:1");
    atHand = agreed.at("tcp://127.0.0.1:1")!;
    assertStrictEquals(agreed.at("tcp://127.0.0.1:2"), tells);
  }
  assertStrictEquals(agreed.at("tcp://127.0.0.1:1"), tells);
  // A connection that was made in time stays known.
  assertEquals(atHand(undefined, peer), "child");
});

Deno.test("Preauthorization.at is nothing where nobody asks", () => {
  const agreed = new Preauthorization(undefined);
  using _spawned = agreed.spawned("tcp://127.0.0.1:1", "child");
  using _ = agreed.admit("tcp://127.0.0.1:1");
  assertEquals(agreed.at("tcp://127.0.0.1:1"), undefined);
});

Deno.test("Preauthorization.credentialsAt is what the spawned one was given", () => {
  const agreed = new Preauthorization(undefined);
  {
    using _sandbox = agreed.spawned("tcp://127.0.0.1:1", undefined);
    using _other = agreed.spawned("tcp://127.0.0.1:2", "child");
    assertEquals(agreed.has("tcp://127.0.0.1:1"), true);
    assertEquals(agreed.credentialsAt("tcp://127.0.0.1:1"), undefined);
    assertEquals(agreed.credentialsAt("tcp://127.0.0.1:2"), "child");
  }
  assertEquals(agreed.has("tcp://127.0.0.1:1"), false);
});

import { assertEquals, assertStrictEquals } from "@std/assert";
import type { Authenticate, UnknownPeer } from "../rpc/authenticate.ts";
import { Vouching } from "./_vouching.ts";

const peer: UnknownPeer = {
  peer: null,
  remoteAddress: "tcp://127.0.0.1:1",
  dialled: true,
  signal: new AbortController().signal,
};

Deno.test("Vouching shows what it knows, at one address and until its end", () => {
  const tells: Authenticate = (credentials) => credentials;
  const vouching = new Vouching(tells);
  let atHand: Authenticate;
  {
    using _ = vouching.add("tcp://127.0.0.1:1", "child");
    atHand = vouching.at("tcp://127.0.0.1:1")!;
    assertStrictEquals(vouching.at("tcp://127.0.0.1:2"), tells);
  }
  assertStrictEquals(vouching.at("tcp://127.0.0.1:1"), tells);
  // A connection that was made in time stays known.
  assertEquals(atHand(undefined, peer), "child");
});

Deno.test("Vouching has nobody to tell where nobody asks", () => {
  const vouching = new Vouching(undefined);
  using _ = vouching.add("tcp://127.0.0.1:1", "child");
  assertEquals(vouching.at("tcp://127.0.0.1:1"), undefined);
});

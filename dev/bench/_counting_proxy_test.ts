import { assert, assertEquals } from "@std/assert";
import { countingProxy } from "./_counting_proxy.ts";
import { bare } from "./subjects/bare.ts";

const QUESTION = { name: "Ada", n: 7 };

Deno.test("countingProxy counts the bytes of a call both ways", async () => {
  await using serving = await bare.serve("tcp://127.0.0.1:0");
  await using proxy = countingProxy(serving.address)!;
  await using caller = await bare.connect(proxy.address);
  assertEquals(await caller.call(QUESTION), { greeting: "Hello, Ada", n: 7 });
  const messages = [
    [0, 0, QUESTION],
    [1, 0, { greeting: "Hello, Ada", n: 7 }],
  ];
  const bytes = messages.map((message) => 4 + JSON.stringify(message).length);
  assertEquals(proxy.bytes(), bytes[0]! + bytes[1]!);
});

Deno.test("countingProxy ends a connection to a server that is gone", async () => {
  const serving = await bare.serve("tcp://127.0.0.1:0");
  await serving[Symbol.asyncDispose]();
  await using proxy = countingProxy(serving.address)!;
  const port = Number(new URL(proxy.address).port);
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  assertEquals(await conn.read(new Uint8Array(1)), null);
});

Deno.test("countingProxy keeps the form of an address, and wants a port", async () => {
  await using proxy = countingProxy("nats://localhost:4222/x?y");
  assert(/^nats:\/\/127\.0\.0\.1:\d+\/x\?y$/.test(proxy!.address));
  assertEquals(countingProxy("worker://a"), null);
});

import { assertEquals } from "@std/assert";
import { holdsStream } from "./_holds_stream.ts";

async function* items() {
  yield await Promise.resolve(1);
}

Deno.test("holdsStream() finds a stream at any depth", () => {
  assertEquals(holdsStream([1, { a: { b: [items()] } }]), true);
  assertEquals(holdsStream([1, { a: { b: ["text"] } }, null]), false);
});

Deno.test("holdsStream() looks once at what is there several times", () => {
  const loop: Record<string, unknown> = {};
  loop.self = loop;
  assertEquals(holdsStream(loop), false);
  // Without that, this one takes 2 ** 40 steps.
  let shared: object = {};
  for (let i = 0; i < 40; i++) shared = { left: shared, right: shared };
  assertEquals(holdsStream(shared), false);
  let deep: object = { stream: items() };
  for (let i = 0; i < 100_000; i++) deep = { deep };
  assertEquals(holdsStream(deep), true);
});

Deno.test("holdsStream() is true for what cannot be looked through", () => {
  const boom = () => {
    throw null;
  };
  assertEquals(
    holdsStream({
      get broken() {
        return boom();
      },
    }),
    true,
  );
  assertEquals(holdsStream([new Proxy({}, { has: boom })]), true);
});

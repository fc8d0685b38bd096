import { assertEquals } from "@std/assert";
import { msgpack } from "../msgpack.ts";
import { fastMsgpack } from "./fast_msgpack.ts";

Deno.test("fastMsgpack is the codec msgpack", () => {
  assertEquals(fastMsgpack(), msgpack());
});

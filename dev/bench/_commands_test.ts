import { assertEquals } from "@std/assert";
import { parseReply, readLines } from "./_commands.ts";

Deno.test("readLines joins what was cut, and drops an unfinished line", async () => {
  async function* parts() {
    yield "a";
    yield "b\nc\n\nd";
    yield "\ne";
  }
  assertEquals(await Array.fromAsync(readLines(parts())), ["ab", "c", "", "d"]);
});

Deno.test("parseReply tells replies from what a library prints", () => {
  assertEquals(parseReply('@bench {"answer":[1]}'), { answer: [1] });
  assertEquals(parseReply('@bench {"error":"no"}'), { error: "no" });
  assertEquals(parseReply('{"answer":[1]}'), null);
});

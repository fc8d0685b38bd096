import { assertEquals } from "@std/assert";
import { describeMessage } from "./_watcher.ts";

Deno.test("describeMessage - shows calls as calls, and other messages by kind", () => {
  const cases: [kind: string, content: unknown, text: string][] = [
    ["request", ["acquire", ["ada"], {}], 'acquire("ada")'],
    ["request", ["add", [1, [2]], {}], "add(1, [ 2 ])"],
    ["request", ["$/call", ["tell", [5], {}, { reply: false }], {}], "tell(5)"],
    ["request", ["$/ping", [], {}], "$/ping()"],
    ["request", "ohai", 'request "ohai"'],
    ["result", true, "result true"],
  ];
  for (const [kind, content, text] of cases) {
    assertEquals(describeMessage(kind, content), text);
  }
});

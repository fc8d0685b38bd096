import { assertEquals } from "@std/assert";
import { isOwn, pathsIn, readWords } from "./_rpc_words.ts";

Deno.test("readWords reads plain calls and those with terms", () => {
  assertEquals(readWords(["a/b", [1], {}]), { path: "a/b", args: [1] });
  assertEquals(
    readWords(["$/call", ["a/b", [1], {}, { timeoutMs: 5 }], {}]),
    { path: "a/b", args: [1] },
  );
});

Deno.test("readWords takes for no call what is none", () => {
  for (
    const content of ["text", null, ["a/b", [1]], ["a/b", {}, {}], [1, [], {}]]
  ) {
    assertEquals(readWords(content), null);
  }
});

Deno.test("isOwn tells RPC's own calls from those of users", () => {
  const isOwnPath = (path: string) => isOwn(readWords([path, [], {}]));
  assertEquals(
    ["$/hello", "$/next", "$/release"].map(isOwnPath),
    [true, true, true],
  );
  assertEquals(["add", "$/ref/0", "$/ref/0/add"].map(isOwnPath), [
    false,
    false,
    false,
  ]);
  assertEquals(isOwn(null), false);
});

Deno.test("pathsIn finds references at any depth, and nothing else", () => {
  const reference = (path: unknown) => ({ __type__: [0, path] });
  const content = [
    reference("$/ref/1"),
    { deep: [{ deeper: reference("$/ref/2") }] },
    "$/ref/3",
    reference("$/stream/4"),
    reference(5),
    { __type__: "$/ref/6" },
    new Uint8Array([7]),
    null,
  ];
  assertEquals(pathsIn(content, "$/ref/").toSorted(), ["$/ref/1", "$/ref/2"]);
  assertEquals(pathsIn(content, "$/stream/"), ["$/stream/4"]);
});

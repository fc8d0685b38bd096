import { assertEquals } from "@std/assert";
import { kindOf } from "./size.ts";
import { countLines } from "./source.ts";

Deno.test("countLines leaves out comments and blank lines, not texts", () => {
  const source = [
    "// a comment",
    "",
    "/** A doc comment",
    " * of two lines */ const a = 1; // the end",
    'const url = "http://x"; const it = `// no comment',
    "/* nor this */`;",
  ];
  assertEquals(countLines(source.join("\n")), 3);
});

Deno.test("kindOf tells product, development, tests and examples apart", () => {
  assertEquals(
    [
      "rpc/client.ts",
      "dev/stress/main.ts",
      "rpc/client_test.ts",
      "agent/fixtures/child.ts",
      "examples/rpc/main.ts",
    ].map(kindOf),
    ["product", "development", "tests", "tests", "examples"],
  );
});

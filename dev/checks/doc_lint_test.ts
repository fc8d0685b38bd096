import { assertEquals } from "@std/assert";
import { docBreaches } from "./doc_lint.ts";

Deno.test("docBreaches keeps all diagnostics but references to unlisted types", () => {
  const output = [
    "error[private-type-ref]: public type 'f' references private type 'G'",
    " --> a.ts:4:1",
    "",
    "error[missing-jsdoc]: exported symbol is missing JSDoc documentation",
    " --> b.ts:4:1",
    "",
    "error: Found 2 documentation lint errors.",
  ];
  assertEquals(docBreaches(output.join("\n")), [
    "error[missing-jsdoc]: exported symbol is missing JSDoc documentation\n" +
    " --> b.ts:4:1",
  ]);
});

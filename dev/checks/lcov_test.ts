import { assertEquals } from "@std/assert";
import { parseLcov } from "./lcov.ts";

Deno.test("parseLcov tells reached lines from missed ones, file by file", () => {
  const report = "SF:/project/a.ts\nFN:1,f\nFNDA:1,f\nDA:1,2\nDA:2,0\n" +
    "LH:1\nLF:2\nend_of_record\nSF:/project/b.ts\nDA:7,10\nend_of_record\n";
  assertEquals(parseLcov(report), [
    { file: "/project/a.ts", reached: [1], missed: [2] },
    { file: "/project/b.ts", reached: [7], missed: [] },
  ]);
  assertEquals(parseLcov(""), []);
});

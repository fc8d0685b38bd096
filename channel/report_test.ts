// deno-lint-ignore-file no-console -- it is what is tested
import { assertEquals } from "@std/assert";
import { reportToStderr } from "./report.ts";

/** What `run` prints on stderr. */
function printedBy(run: () => void): unknown[][] {
  const printed: unknown[][] = [];
  const before = console.error;
  console.error = (...args: unknown[]) => void printed.push(args);
  try {
    run();
  } finally {
    console.error = before;
  }
  return printed;
}

Deno.test("reportToStderr prints one line, whatever was thrown", () => {
  const context = { kind: "handler", address: "local://a" } as const;
  assertEquals(
    printedBy(() => {
      reportToStderr(new TypeError("no such thing"), context);
      reportToStderr("just text", context);
    }),
    [
      ["denomas: handler error at local://a: TypeError: no such thing"],
      ["denomas: handler error at local://a: just text"],
    ],
  );
});

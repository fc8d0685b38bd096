import { assertThrows } from "@std/assert";
import { checkJsonDepth } from "./_json_depth.ts";

const MANY = 200_000;

const bytes = (text: string) => new TextEncoder().encode(text);

for (const part of ["[", "{", "[{", "[0", '[""']) {
  Deno.test(`checkJsonDepth refuses a long payload of '${part}'`, () => {
    const bomb = bytes(part.repeat(MANY));
    assertThrows(() => checkJsonDepth(bomb), SyntaxError, "deep");
  });
}

Deno.test("checkJsonDepth takes brackets that are closed, or within strings", () => {
  checkJsonDepth(bytes(`[${"[],".repeat(MANY)}0]`));
  checkJsonDepth(bytes(`["${"[".repeat(MANY)}"]`));
  checkJsonDepth(bytes(`["${'\\"['.repeat(MANY)}"]`));
  checkJsonDepth(bytes(`["${"\\\\".repeat(MANY)}",${"[],".repeat(MANY)}0]`));
});

Deno.test("checkJsonDepth takes as many levels as any limit allows", () => {
  const levels = "[".repeat(1_000) + "]".repeat(1_000);
  checkJsonDepth(bytes(`[${`${levels},`.repeat(100)}0]`));
});

Deno.test("checkJsonDepth leaves the rest to the parser", () => {
  checkJsonDepth(bytes("[".repeat(10_000)));
  checkJsonDepth(bytes(`["${"x".repeat(MANY)}`));
  checkJsonDepth(bytes("]".repeat(MANY)));
});

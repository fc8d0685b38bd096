import { assert, assertEquals } from "@std/assert";
import {
  GUIDE,
  nameBreaches,
  NAMES,
  namesInGuide,
  parseNames,
} from "./aiomas_names.ts";

Deno.test("docs/from_aiomas.md tells of every name of aiomas", async () => {
  const wanted = parseNames(await Deno.readTextFile(NAMES));
  const told = namesInGuide(await Deno.readTextFile(GUIDE));
  assert(wanted.size > 150);
  assertEquals(nameBreaches(wanted, told), []);
});

Deno.test("namesInGuide reads the first column in sections of modules", () => {
  const guide = [
    "| `early` | no |",
    "### `rpc`, calls",
    "| aiomas | here |",
    "| `a(b, c)`, `d` | `not` |",
    "`neither`",
    "## Later",
    "| `late` | no |",
  ];
  assertEquals(
    namesInGuide(guide.join("\n")),
    new Set(["rpc.a(b, c)", "rpc.d"]),
  );
});

Deno.test("nameBreaches tells both what is missing and what is made up", () => {
  assertEquals(
    nameBreaches(new Set(["a.b", "a.c"]), new Set(["a.c", "a.d"])),
    ["the guide lacks 'a.b'", "aiomas has no 'a.d'"],
  );
});

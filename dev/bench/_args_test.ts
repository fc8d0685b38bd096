import { assertEquals, assertThrows } from "@std/assert";
import { parseArguments } from "./_args.ts";

Deno.test("parseArguments reads all options of the benchmark", () => {
  const args = ["--quick", "--only=tcp,64", "--json=a", "--server-profiles=b"];
  assertEquals(parseArguments(args), {
    quick: true,
    only: ["tcp", "64"],
    json: "a",
    write: false,
    serverProfiles: "b",
  });
  assertEquals(parseArguments(["--write"]).write, true);
});

Deno.test("parseArguments of the benchmark refuses what it does not know", () => {
  for (const arg of ["quick", "--quick=1", "--only", "--only=", "--slow"]) {
    assertThrows(() => parseArguments([arg]), TypeError, arg);
  }
});

Deno.test("parseArguments of the benchmark writes all figures or none", () => {
  for (const arg of ["--quick", "--only=tcp"]) {
    assertThrows(() => parseArguments([arg, "--write"]), TypeError, "guide");
  }
});

import { assertEquals } from "@std/assert";
import { KnownAddresses } from "./_known_addresses.ts";

Deno.test("KnownAddresses compares whole addresses", () => {
  const known = new KnownAddresses();
  known.name("tcp://127.0.0.1:1");
  known.name("ipc://[/run/a]");
  known.meet("local://a");
  for (
    const [address, expected] of [
      ["tcp://127.0.0.1:1", true],
      ["tcp://127.0.0.1:2", false],
      ["tcp://127.0.0.1:12", false],
      ["tcp://localhost:1", false],
      ["ipc://[/run/a]", true],
      ["ipc://[/run/b]", false],
      ["local://a", true],
      ["local://b", false],
    ] as const
  ) assertEquals(known.has(address), expected, address);
});

Deno.test("KnownAddresses tells what was named from what was looked up", () => {
  const known = new KnownAddresses();
  known.meet("local://a");
  assertEquals(known.isNamed("local://a"), false);
  known.name("local://a");
  known.meet("local://a");
  assertEquals(known.isNamed("local://a"), true);
  known.forget("local://a");
  assertEquals(known.isNamed("local://a"), false);
  assertEquals(known.has("local://a"), false);
});

Deno.test("KnownAddresses forgets what was not used for longest", () => {
  const known = new KnownAddresses(3);
  for (const name of ["a", "b", "c", "a", "d"]) known.name(`local://${name}`);
  assertEquals(
    ["a", "b", "c", "d"].map((name) => known.isNamed(`local://${name}`)),
    [true, false, true, true],
  );
});

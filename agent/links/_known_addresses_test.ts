import { assertEquals } from "@std/assert";
import { KnownAddresses } from "./_known_addresses.ts";

Deno.test("KnownAddresses compares whole addresses", () => {
  const known = new KnownAddresses();
  known.name("tcp://127.0.0.1:1");
  known.name("ipc://[/run/a]");
  known.meet("local://a");
  for (
    const [agent, expected] of [
      ["tcp://127.0.0.1:1/0", true],
      ["tcp://127.0.0.1:1/other", true],
      ["tcp://127.0.0.1:2/0", false],
      ["tcp://localhost:1/0", false],
      ["ipc://[/run/a]/0", true],
      ["ipc://[/run/b]/0", false],
      ["local://a/0", true],
      ["local://b/0", false],
    ] as const
  ) assertEquals(known.hasAgent(agent), expected, agent);
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
  assertEquals(known.hasAgent("local://a/0"), false);
});

Deno.test("KnownAddresses forgets what was not used for longest", () => {
  const known = new KnownAddresses(3);
  for (const name of ["a", "b", "c", "a", "d"]) known.name(`local://${name}`);
  assertEquals(
    ["a", "b", "c", "d"].map((name) => known.isNamed(`local://${name}`)),
    [true, false, true, true],
  );
});

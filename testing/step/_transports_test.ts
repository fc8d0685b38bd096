import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Addresses } from "./_transports.ts";
import { ResourceScope } from "./_resource_scope.ts";

function makeScope(): ResourceScope {
  return new ResourceScope({ step: "unix", keep: () => {} });
}

Deno.test("Addresses gives an ephemeral port of the loopback interface on tcp", () => {
  const addresses = new Addresses("tcp", makeScope());
  assertEquals(addresses.next(), "tcp://127.0.0.1:0");
});

Deno.test("Addresses never gives a name twice in memory", () => {
  const names = ["one test", "another"].flatMap(() => {
    const addresses = new Addresses("memory", makeScope());
    return [addresses.next(), addresses.next()];
  });
  assertEquals(new Set(names).size, 4);
});

Deno.test({
  name:
    "Addresses makes one short folder on unix, and removes it with what is left",
  ignore: Deno.build.os === "windows",
  async fn() {
    const scope = makeScope();
    const addresses = new Addresses("unix", scope);
    const [first, second] = [addresses.next(), addresses.next()];
    assertMatch(first, /^ipc:\/\/\[.+\/1\]$/);
    const folder = first.slice("ipc://[".length, -"/1]".length);
    assertEquals(second, `ipc://[${folder}/2]`);
    await Deno.writeTextFile(`${folder}/left`, "");
    assertEquals(await scope.close(), []);
    assertEquals(addresses.leftFiles, [`file (${folder}/left)`]);
    await assertRejects(() => Deno.stat(folder), Deno.errors.NotFound);
  },
});

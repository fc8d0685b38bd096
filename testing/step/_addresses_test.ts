import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { CleanUp } from "./_clean_up.ts";
import { Places } from "./_addresses.ts";

Deno.test("Places gives an ephemeral port of the loopback interface on tcp", () => {
  const places = new Places("tcp", new CleanUp());
  assertEquals(places.next(), "tcp://127.0.0.1:0");
});

Deno.test("Places never gives a name twice in memory", () => {
  const names = ["one test", "another"].flatMap(() => {
    const places = new Places("memory", new CleanUp());
    return [places.next(), places.next()];
  });
  assertEquals(new Set(names).size, 4);
});

Deno.test({
  name:
    "Places makes one short folder on unix, and removes it with what is left",
  ignore: Deno.build.os === "windows",
  async fn() {
    const cleanUp = new CleanUp();
    const places = new Places("unix", cleanUp);
    const [first, second] = [places.next(), places.next()];
    assertMatch(first, /^ipc:\/\/\[.+\/1\]$/);
    const folder = first.slice("ipc://[".length, -"/1]".length);
    assertEquals(second, `ipc://[${folder}/2]`);
    await Deno.writeTextFile(`${folder}/left`, "");
    assertEquals(await cleanUp.run(), []);
    assertEquals(places.leftFiles, [`file (${folder}/left)`]);
    await assertRejects(() => Deno.stat(folder), Deno.errors.NotFound);
  },
});

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { serveHostile } from "../fixtures/hostile_container.ts";
import { codecs } from "../../channel/fixtures/codecs.ts";
import { ValidationError } from "../../rpc/errors.ts";
import { expose } from "../../rpc/service/expose.ts";
import { Agent } from "../agent.ts";
import { withCtx } from "../../testing/ctx.ts";
import { findDirectory } from "./client.ts";
import { news } from "./_checks.ts";

const good = { id: 1, address: "local://a/0", type: "a", properties: {} };

/** Values that are not entries. */
const BAD: readonly unknown[] = [
  null,
  5,
  "entry",
  [],
  {},
  { ...good, id: "1" },
  { ...good, id: 1.5 },
  { ...good, id: 0 },
  { ...good, address: "nowhere" },
  { ...good, address: "local://a/\x1b[31m" },
  { ...good, address: `local://a/${"x".repeat(2_000)}` },
  { ...good, address: { toString: 5 } },
  { ...good, type: 5 },
  { ...good, type: null },
  { ...good, properties: null },
  { ...good, properties: [1] },
  { ...good, properties: { a: {} } },
  { ...good, properties: { a: [] } },
];

withCtx(
  { name: "DirectoryClient.lookUp takes entries only", codecs },
  async (ctx) => {
    const here = await ctx.createContainer();
    let page: unknown = [good];
    const there = await serveHostile(
      ctx,
      (path) => path === "validate_aid" ? "Directory" : page,
    );
    const client = await findDirectory(here, `${there.address}/directory`);
    assertEquals(await client.lookUp(), [good]);
    page = [{ ...good, more: "than asked for" }];
    assertEquals(await client.lookUp(), [good]);
    for (const bad of BAD) {
      page = [bad];
      await assertRejects(() => client.lookUp(), ValidationError);
    }
    const pages = [null, 5, {}, { length: 1 }, [good, good], [
      { ...good, id: 2 },
      good,
    ]];
    for (page of pages) {
      await assertRejects(() => client.lookUp(), ValidationError);
    }
    // A directory that repeats one full page forever is not read forever.
    page = Array.from({ length: 256 }, (_, i) => ({ ...good, id: i + 1 }));
    await assertRejects(() => client.lookUp(), ValidationError, "'id' is '1'");
    assertEquals((await client.lookUp({ limit: 256 })).length, 256);
    await assertRejects(() => client.lookUp({ limit: 1 }), ValidationError);
  },
);

Deno.test("news takes the states of entries only", () => {
  for (const entry of [good, null]) {
    assertEquals(news({ id: 1, entry, more: 1 }, "it"), { id: 1, entry });
  }
  for (
    const bad of [
      null,
      5,
      [],
      {},
      { id: 1 },
      { entry: good },
      { id: 0, entry: null },
      { id: "__proto__", entry: good },
    ]
  ) {
    assertThrows(() => news(bad, "it"), ValidationError);
  }
  for (const entry of BAD.filter((it) => it !== null)) {
    assertThrows(() => news({ id: 1, entry }, "it"), ValidationError);
  }
});

class Liar extends Agent {
  @expose
  lookUp(): unknown[] {
    return [];
  }

  @expose
  async *subscribe(): AsyncGenerator<unknown> {
    yield { id: 7, entry: null };
    yield { id: 1, entry: good };
    yield { id: 1, entry: good };
    yield { id: 1, entry: null };
    yield { id: 1, entry: null };
    yield { id: 1, entry: { ...good, address: "nowhere" } };
  }
}

withCtx("DirectoryClient.subscribe takes entries only", async (ctx) => {
  const there = await ctx.createContainer();
  const here = await ctx.createContainer();
  const client = await findDirectory(here, (await there.spawn(Liar)).address);
  const seen: string[] = [];
  await assertRejects(
    async () => {
      for await (const { kind, entry } of client.subscribe()) {
        assertEquals(entry, good);
        seen.push(kind);
      }
    },
    ValidationError,
    "'address' of 'entry' is the text \"nowhere\"",
  );
  assertEquals(seen, ["added", "changed", "removed"]);
});

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { EngineError } from "../../agent/cluster/errors.ts";
import { testEngine } from "../../testing/engine_suite/engine_suite.ts";
import { natsEngine } from "./engine.ts";
import {
  type NatsProgram,
  natsPrograms,
  NatsServer,
} from "./fixtures/server.ts";

/** The first program that gives leases, and the first one that does not. */
const [leasing, old] = [true, false].map((wanted) =>
  natsPrograms.find(({ version: [major, minor] }) =>
    (major > 2 || minor >= 11) === wanted
  )
);

function test(
  name: string,
  program: NatsProgram,
  skip: Readonly<Record<string, string>> = {},
) {
  testEngine(name, async () => {
    const server = await NatsServer.start({ program });
    return {
      open: () => natsEngine(server.url, { timeoutMs: 1_000 }),
      dispose: () => server[Symbol.asyncDispose](),
      cut: async () => {
        await server.kill();
        return () => server.restart();
      },
    };
  }, { skip });
}

if (leasing !== undefined) test("natsEngine", leasing);

if (old !== undefined) {
  const reason = "this server has no leases of single entries";
  test(`natsEngine on ${old.version.join(".")}`, old, {
    leases: reason,
    renewal: reason,
    raceToRenew: reason,
    difference: reason,
  });

  Deno.test("natsEngine refuses leases that an old server would ignore", async () => {
    await using server = await NatsServer.start({ program: old });
    await using engine = await natsEngine(server.url);
    const { message } = await assertRejects(
      () => engine.put("a", new Uint8Array(), { leaseMs: 1_000 }),
      EngineError,
    );
    assertMatch(message, /has version 2\.\d+\.\d+, and leases need 2\.11/);
    assertEquals(await engine.get("a"), null);
    await engine.put("a", new Uint8Array());
  });
}

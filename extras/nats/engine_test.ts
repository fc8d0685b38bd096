import { connect } from "@nats-io/transport-node";
import { jetstreamManager } from "@nats-io/jetstream";
import {
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { EngineError } from "../../agent/cluster/errors.ts";
import { testEngine } from "../../testing/engine_suite/engine_suite.ts";
import { natsEngine } from "./engine.ts";
import {
  type NatsProgram,
  natsPrograms,
  NatsServer,
} from "./fixtures/server.ts";

/** The first program that supports leases, and the first that does not. */
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
      open: () => natsEngine(server.url, { timeoutMs: 3_000 }),
      dispose: () => server[Symbol.asyncDispose](),
      cut: async () => {
        await server.kill();
        return () => server.restart();
      },
    };
  }, { skip });
}

if (leasing !== undefined) {
  test("natsEngine", leasing);

  Deno.test("natsEngine names what a server with a small 'max_payload' does not take", async () => {
    const config = "max_payload: 8192";
    await using server = await NatsServer.start({ program: leasing, config });
    await using engine = await natsEngine(server.url);
    const [small, large] = [new Uint8Array(7_000), new Uint8Array(8_000)];
    await engine.put("a", small, { leaseMs: 5_000 });
    const { message } = await assertRejects(
      () => engine.put("a", large),
      EngineError,
    );
    assertMatch(message, /takes 8192 bytes .* raise its 'max_payload'/);
    engine.publish("a", large);
    assertThrows(() => engine.publish("a", new Uint8Array(9_000)), RangeError);
    assertEquals((await engine.get("a"))?.value.length, 7_000);
  });

  Deno.test("natsEngine gives leases in a bucket that was made without", async () => {
    await using server = await NatsServer.start({ program: leasing });
    const nc = await connect({ servers: server.url.slice("nats://".length) });
    await (await jetstreamManager(nc)).streams.add({
      name: "KV_made-elsewhere",
      subjects: ["$KV.made-elsewhere.>"],
      max_msgs_per_subject: 1,
      allow_rollup_hdrs: true,
    });
    await nc.close();
    await using engine = await natsEngine(server.url, {
      bucket: "made-elsewhere",
    });
    const gone = Promise.withResolvers<void>();
    await engine.watch("", ({ kind }) => {
      if (kind === "removed") gone.resolve();
    });
    await engine.put("a", new Uint8Array(), { leaseMs: 1_000 });
    await gone.promise;
    assertEquals(await engine.get("a"), null);
  });

  Deno.test("natsEngine waits for a server that starts later, if it is to", async () => {
    await using server = await NatsServer.start({ program: leasing });
    await server.kill();
    await assertRejects(() => natsEngine(server.url), EngineError);
    const options = { retryForMs: Infinity };
    const [engine] = await Promise.all([
      natsEngine(server.url, options),
      server.restart(),
    ]);
    await using _engine = engine;
    assertEquals(await engine.get("a"), null);
  });

  Deno.test("natsEngine goes on when a server that stood still does", async () => {
    await using server = await NatsServer.start({ program: leasing });
    const options = {
      timeoutMs: 2_000,
      connection: { inboxPrefix: "_INBOX_a" },
    };
    await using engine = await natsEngine(server.url, options);
    const told: string[] = [];
    const news = Promise.withResolvers<void>();
    await engine.watch("", (change) => {
      told.push(change.kind);
      if (told.length === 2) news.resolve();
    });
    const revision = await engine.put("a", new Uint8Array());
    server.signal("SIGSTOP");
    try {
      // The signal takes effect with a delay.
      const getOnAndOn = async () => {
        for (;;) await engine.get("a");
      };
      await assertRejects(getOnAndOn, EngineError, "did not answer");
      await assertRejects(() => engine.put("a", new Uint8Array()), EngineError);
    } finally {
      server.signal("SIGCONT");
    }
    // The entry may have been written, or may be written later.
    let later = revision;
    while (later === revision) {
      later = await engine.put("b", new Uint8Array()).catch((error) => {
        assertInstanceOf(error, EngineError);
        return revision;
      });
    }
    await news.promise;
    assertGreater(later, revision);
  });
}

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

import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { importMapFlags } from "../../dev/checks/import_map_flags.ts";
import { Container } from "../container.ts";
import { Counter } from "../fixtures/cluster_process.ts";
import { containerEngine } from "./container_engine.ts";
import { EngineAgent } from "./engine_agent.ts";
import { Node } from "./node.ts";

const LEASE_MS = 1_000;

Deno.test({
  name:
    "the agents of a process that is killed answer elsewhere within its lease and two seconds",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using hub = await Container.create("tcp://127.0.0.1:0");
    const { address } = await hub.spawn(EngineAgent);
    await using engine = await containerEngine(address);
    const terms = { engine, name: "here", leaseMs: LEASE_MS };
    await using node = await Node.join("killed", terms);
    await using process = await start(address, "there");
    for await (const { kind, member } of node.changes()) {
      if (kind === "joined" && member.name === "there") break;
    }
    const counters = Array.from(
      { length: 100 },
      (_, at) => node.agent<Counter>("Counter", `${at}`),
    );
    await Promise.all(counters.map((it) => it.add()));
    await Promise.all(counters.slice(50).map((it) => it.add()));
    await node.offer({ Counter });
    assertEquals(node.size, 0);

    const killedAt = performance.now();
    process.kill();
    const counts = await Promise.all(counters.map((it) => it.count()));
    const tookMs = performance.now() - killedAt;
    assertEquals(counts, counters.map((_, at) => at < 50 ? 1 : 2));
    assertEquals(node.size, 100);
    assert(tookMs < LEASE_MS + 2_000, `${tookMs} ms`);
  },
});

/** Starts a node in a process of its own, and waits until it has joined. */
async function start(address: string, name: string) {
  const file = new URL("../fixtures/cluster_process.ts", import.meta.url);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", ...importMapFlags()]
      .concat([fileURLToPath(file), address, name, `${LEASE_MS}`]),
    stdout: "piped",
  }).spawn();
  const output = child.stdout.getReader();
  await output.read();
  return {
    kill: () => child.kill("SIGKILL"),
    async [Symbol.asyncDispose]() {
      await output.cancel();
      await child.status;
    },
  };
}

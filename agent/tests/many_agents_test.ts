import { assert } from "@std/assert";
import { cpuUsage } from "node:process";
import { usedHeapBytes } from "../../channel/fixtures/heap.ts";
import { expose } from "../../rpc/service/expose.ts";
import { Agent } from "../agent.ts";
import { Container } from "../container.ts";

const AGENTS = 100_000;

class Idle extends Agent {
  @expose
  ping(): void {}
}

Deno.test("Container spawns 100,000 agents within 5 s, with 1 KiB for each", async () => {
  await using container = await Container.create("local://many-agents");
  await container.spawn(Idle);
  const bytes = await usedHeapBytes();
  // CPU time, since real time would include other programs.
  const { user, system } = cpuUsage();
  for (let i = 0; i < AGENTS; i++) await container.spawn(Idle);
  const used = cpuUsage({ user, system });
  const seconds = (used.user + used.system) / 1_000_000;
  const each = (await usedHeapBytes() - bytes) / AGENTS;
  assert(seconds < 5, `${seconds} s`);
  assert(each < 1_024, `${each} bytes`);
  assert(container.agents.size > AGENTS, "all of them live");
});

import {
  assertEquals,
  assertInstanceOf,
  assertStringIncludes,
} from "@std/assert";
import type { SimulationBody } from "./_outcome.ts";
import { runSeed } from "./_run.ts";

/** Runs a body; returns the message of its failure, or `null`. */
async function failureOf(
  body: SimulationBody,
  options: Partial<Parameters<typeof runSeed>[1]> = {},
): Promise<string | null> {
  const { failure } = await runSeed(body, { seed: 1, ...options });
  if (failure === null) return null;
  assertInstanceOf(failure.error, Error);
  return failure.error.message;
}

/** A program that does not end. */
const forever = () => new Promise<never>(() => {});

Deno.test("BodyWaits - fails a body that ends while 'run' or 'calm' is pending", async () => {
  for (const sockets of [false, true]) {
    for (const call of ["run", "calm"] as const) {
      const message = await failureOf((sim) => {
        sim.node("a", forever);
        sim[call]();
      }, { sockets });
      assertStringIncludes(message ?? "", `'await sim.${call}()'`);
    }
  }
  const late = await failureOf(async (sim) => {
    sim.calm({ forMs: 50_000 });
    await sim.sleep(10_000);
  });
  assertStringIncludes(late ?? "", "'sim.calm()' is still pending");
});

Deno.test("BodyWaits - fails a body that starts nodes and does not wait", async () => {
  const bodies: SimulationBody[] = [
    (sim) => void sim.node("a", forever),
    async (sim) => {
      sim.node("a", forever);
      await sim.sleep(0);
    },
    async (sim) => {
      await sim.node("hub", () => 1);
      sim.node("a", forever);
    },
    async (sim) => {
      sim.node("hub", forever);
      await sim.sleep(1_000);
      sim.node("a", forever);
    },
  ];
  for (const body of bodies) {
    const message = await failureOf(body);
    assertStringIncludes(message ?? "", "since it started node 'a'");
    assertStringIncludes(message ?? "", "'await sim.run()'");
  }
});

Deno.test("BodyWaits - passes a body that waits for the result of one of its nodes", async () => {
  const bodies: SimulationBody[] = [
    async (sim) => {
      sim.node("server", forever);
      assertEquals(await sim.node("client", () => 1), 1);
    },
    async (sim) => {
      const answer = sim.node("client", () => 1);
      sim.node("server", forever);
      assertEquals(await answer, 1);
    },
    async (sim) => {
      sim.node("server", async (node) => {
        await node.sleep(5_000);
        sim.node("other", forever);
        await forever();
      });
      await sim.sleep(5_000);
    },
    () => {},
  ];
  for (const body of bodies) assertEquals(await failureOf(body), null);
});

Deno.test("BodyWaits - ignores the waits of nodes", async () => {
  const body: SimulationBody = (sim) => {
    sim.node("server", () => sim.run());
    return sim.sleep(10);
  };
  assertEquals(await failureOf(body), null);
});

Deno.test("BodyWaits - keeps the failure of a body", async () => {
  const message = await failureOf((sim) => {
    sim.node("a", forever);
    sim.run();
    throw new RangeError("too far");
  });
  assertEquals(message, "too far");
});

import { assert, assertEquals, assertRejects } from "@std/assert";
import { ConnectionClosedError } from "../../channel/errors.ts";
import { expose } from "../../rpc/service/expose.ts";
import type {
  Simulation,
  SimulationNode,
} from "../../testing/simulation/contract.ts";
import { ConnectError } from "../../transports/errors.ts";
import { simulate } from "../../testing/simulation/simulate.ts";
import {
  Counter as SavingCounter,
  LEASE_MS,
} from "../fixtures/counter_node.ts";
import { Agent } from "../agent.ts";
import { Container } from "../container.ts";
import { ContainerClosedError } from "../errors.ts";
import { aborted } from "../fixtures/until.ts";
import { wrapEngine } from "../fixtures/wrapped_engine.ts";
import { SystemClock } from "../clock/system_clock.ts";
import { activationOf } from "./activation.ts";
import { containerEngine } from "./container_engine.ts";
import type { Engine } from "./engine.ts";
import { EngineAgent } from "./engine_agent.ts";
import { EngineError, StaleEpochError } from "./errors.ts";
import { memoryEngine } from "./memory_engine.ts";
import { Node } from "./node.ts";
import type { NodeOptions } from "./node_options.ts";

class Counter extends SavingCounter {
  @expose({ idempotent: true })
  async wait(): Promise<string> {
    const { node } = activationOf(this);
    if (node === "a") await new Promise(() => {});
    return node;
  }
  @expose
  async hang(): Promise<void> {
    await new Promise(() => {});
  }
}

function join(
  engine: Engine,
  name: string,
  options: Partial<NodeOptions> = {},
): Promise<Node> {
  return Node.join("test", {
    ...{ engine, name, leaseMs: LEASE_MS, onError: () => {} },
    clock: new SystemClock(),
    ...options,
  });
}

/** Starts a node that offers counters, on its own engine. */
function host(
  sim: Simulation,
  hub: Engine,
  name: string,
  use: (node: Node, sim: SimulationNode) => void | Promise<void> = () => {},
): Promise<void> {
  return sim.node(name, async (own) => {
    if (own.restarts > 0) return;
    const node = await join(await memoryEngine(hub), name);
    await node.offer({ Counter });
    await use(node, own);
  });
}

simulate(
  "the agents of a killed node answer elsewhere within its lease and two seconds, with what they had saved",
  { seeds: 1, untilMs: 60_000 },
  async (sim) => {
    const hub = await memoryEngine();
    await host(sim, hub, "a");
    const caller = await join(hub, "caller");
    const names = Array.from({ length: 20 }, (_, at) => `${at}`);
    const counters = names.map((it) => caller.agent<Counter>("Counter", it));
    await sim.sleep(100);
    await Promise.all(counters.map((it) => it.add()));
    await host(sim, hub, "b");
    const at = sim.now + 500;
    sim.fault({ kind: "crash", node: "a", atMs: at, forMs: 1e9 });
    await sim.sleep(600);
    const counts = await Promise.all(counters.map((it) => it.count()));
    assertEquals(new Set(counts), new Set([1]));
    const tookMs = sim.now - at;
    assert(tookMs > LEASE_MS / 2, `${tookMs} ms`);
    assert(tookMs <= LEASE_MS + 2_000, `${tookMs} ms`);
    assertEquals(await counters[0]!.add(), 2);
    await caller.close();
  },
);

simulate(
  "calls of a killed node reject, or run again at the new place if they are idempotent",
  { seeds: 2, untilMs: 60_000 },
  async (sim) => {
    const hub = await memoryEngine();
    await host(sim, hub, "a");
    const caller = await join(hub, "caller");
    await sim.sleep(100);
    const one = caller.agent<Counter>("Counter", "one");
    const other = caller.agent<Counter>("Counter", "other");
    const waiting = one.wait();
    const hanging = assertRejects(() => other.hang(), ConnectionClosedError);
    await host(sim, hub, "b");
    const at = sim.now + 500;
    sim.fault({ kind: "crash", node: "a", atMs: at, forMs: 1e9 });
    const error = await hanging;
    assertEquals(error.sent, true);
    assertEquals(await waiting, "b");
    await caller.close();
  },
);

for (const kind of ["partition", "hold", "pause"] as const) {
  simulate(
    `a node in a ${kind} ends by itself before others take over`,
    { seeds: 2, untilMs: 60_000 },
    async (sim) => {
      const hub = await memoryEngine();
      const log: string[] = [];
      let isLeading = 0;
      const leads = async (node: Node, own: SimulationNode) => {
        const lead = await node.lead("clearing");
        log.push(`${own.name} leads`);
        const note = () => {
          isLeading--;
          log.push(`${own.name} ends`);
        };
        isLeading++;
        lead.signal.addEventListener("abort", note);
        for (;;) {
          try {
            lead.check();
          } catch (error) {
            assert(error instanceof StaleEpochError);
            return;
          }
          // A pause may pass the time, but not between the check and the act.
          const last = log.findLast((it) => it.endsWith("leads"));
          assertEquals(last, `${own.name} leads`);
          await own.sleep(own.between(1, 40));
        }
      };
      await sim.node("a", async (own) => {
        leads(await join(await memoryEngine(hub), "a"), own);
        await own.sleep(200);
      });
      sim.node("b", async (own) => {
        await leads(await join(await memoryEngine(hub), "b"), own);
      });
      if (kind !== "pause") {
        sim.always("one leads at most", () => isLeading <= 1);
      }
      await sim.sleep(500);
      sim.fault({ kind, node: "a", atMs: sim.now + 100, forMs: 20_000 });
      await sim.sleep(10_000);
      assertEquals(
        log,
        kind === "pause"
          ? ["a leads", "b leads"]
          : ["a leads", "a ends", "b leads"],
      );
      await sim.sleep(15_000);
      assertEquals(log.filter((it) => it.endsWith("ends")), ["a ends"]);
    },
  );
}

simulate(
  "an agent whose state cannot be saved begins again with the last one",
  { seeds: 2, untilMs: 60_000 },
  async () => {
    const hub = await memoryEngine();
    let isBroken = false;
    const engine = wrapEngine(hub, {
      put: (...args) =>
        isBroken && args[0].includes(".agent.")
          ? Promise.reject(new EngineError("Cannot write: broken"))
          : hub.put(...args),
    });
    const node = await join(engine, "a", { retryForMs: 100 });
    await node.offer({ Counter });
    const counter = node.agent<Counter>("Counter", "one");
    assertEquals(await counter.add(), 1);
    isBroken = true;
    await assertRejects(() => counter.add(), Error, "Cannot write: broken");
    // A state that was not saved is not returned.
    await assertRejects(() => counter.count(), Error, "broken");
    isBroken = false;
    assertEquals(await counter.count(), 1);
    assertEquals(await counter.add(), 2);
    await node.close();
  },
);

simulate(
  "a node ends when the engine is away for long, and can join as soon as it is back",
  { seeds: 10, untilMs: 60_000 },
  async (sim) => {
    const address = "local://hub";
    const open = async () => {
      const container = await Container.create(address);
      await container.spawn(EngineAgent);
      return container;
    };
    const first = await open();
    await using engine = await containerEngine(`${address}/engine`, {
      onError: () => {},
    });
    const node = await join(engine, "a", { leaseMs: 1_000 });
    await first.close();
    const waiting = assertRejects(() => node.lead("x"), ContainerClosedError);
    await assertRejects(() => aborted(node.signal), StaleEpochError);
    await waiting;
    await node.close();
    for (
      const call of [
        () => node.offer({ Counter }),
        () => node.lead("clearing"),
        () => node.group<Counter>("counters").ask().count(),
      ]
    ) await assertRejects(call, ContainerClosedError);
    assertEquals(node.members.size, 0);
    await assertRejects(() => join(engine, "a"), EngineError);
    await sim.sleep(sim.between(10_000, 20_000));
    await using _second = await open();
    await using _again = await join(engine, "a", { leaseMs: 1_000 });
  },
);

simulate(
  "a node whose engine answers its claim late renews its lease in time",
  { seeds: 10, untilMs: 60_000 },
  async (sim) => {
    const hub = await memoryEngine();
    const engine = wrapEngine(hub, {
      put: async (...args) => {
        const revision = await hub.put(...args);
        if (args[2]?.expected === 0) await sim.sleep(sim.between(500, 850));
        return revision;
      },
    });
    const node = await join(engine, "a", { leaseMs: 1_000 });
    await sim.sleep(5_000);
    assertEquals(node.signal.reason, undefined);
    await node.close();
  },
);

simulate(
  "a node whose engine is away leaves within its grace",
  { seeds: 2, untilMs: 60_000 },
  async (sim) => {
    const hub = await memoryEngine();
    const tookMs = await sim.node("a", async () => {
      const node = await join(await memoryEngine(hub), "a");
      await node.offer({ Counter });
      await node.agent<Counter>("Counter", "one").add();
      await node.lead("clearing");
      const { now } = sim;
      sim.fault({ kind: "partition", node: "a", atMs: now, forMs: 20_000 });
      await sim.sleep(10);
      await node.close({ graceMs: 1_000 });
      assert(node.signal.aborted);
      return sim.now - now;
    });
    // The node also tries to release its name.
    assert(tookMs < 2_000, `${tookMs} ms`);
  },
);

simulate(
  "calls while nobody has an agent wait, and no longer than they may",
  { seeds: 2, untilMs: 60_000 },
  async (sim) => {
    const hub = await memoryEngine();
    const node = await join(hub, "a", { retryForMs: 5_000 });
    const counter = node.agent<Counter>("Counter", "one");
    const waiting = counter.add();
    await sim.sleep(3_000);
    await node.offer({ Counter });
    assertEquals(await waiting, 1);
    const { now } = sim;
    await assertRejects(
      () => node.agent<Counter>("Other", "one").count(),
      ConnectError,
    );
    assert(Math.abs(sim.now - now - 5_000) < 500);
    await node.close();
  },
);

simulate(
  "a node that stood still runs no call that comes late, and answers none",
  { seeds: 2, untilMs: 60_000 },
  async (sim) => {
    const hub = await memoryEngine();
    const ran: string[] = [];
    class Noting extends Agent {
      @expose({ concurrent: true })
      note(call: string): void {
        ran.push(`${call} on ${activationOf(this).node}`);
      }
      @expose({ concurrent: true })
      async slow(ms: number): Promise<void> {
        await new Promise((resolve) => setTimeout(resolve, ms));
        ran.push(`slow on ${activationOf(this).node}`);
      }
    }
    const address = await sim.node("a", async () => {
      const node = await join(await memoryEngine(hub), "a");
      await node.offer({ Noting });
      await node.agent<Noting>("Noting", "one").note("first");
      return `${node.container.address}/Noting:one`;
    });
    const { between, plain } = await sim.node("plain", async (own) => {
      const container = await own.createContainer();
      const plain = await container.connect<Noting>(address);
      return { between: own.between, plain };
    });
    const { now } = sim;
    sim.fault({ kind: "pause", node: "a", atMs: now + 100, forMs: 20_000 });
    const slow = assertRejects(() => plain.slow(between(150, 900)));
    await sim.sleep(200);
    // Both calls are due before the lease ends, but run after it.
    const late = assertRejects(() => plain.note("late"));
    const other = await join(hub, "b");
    await other.offer({ Noting });
    await sim.sleep(LEASE_MS);
    await other.agent<Noting>("Noting", "one").note("second");
    await sim.sleep(20_000);
    await Promise.all([slow, late]);
    assertEquals(ran, ["first on a", "second on b", "slow on a"]);
    await other.close();
  },
);

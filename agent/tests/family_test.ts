import { assert, assertEquals } from "@std/assert";
import { withCtx } from "../../testing/ctx.ts";
import { seededRandom } from "../../testing/network/random.ts";
import { Agent } from "../agent.ts";
import type { FailurePolicy } from "../agent_options.ts";
import { fastForward } from "../clock/pace.ts";
import type { Container } from "../container.ts";

const POLICIES: readonly FailurePolicy[] = [
  "report",
  "stop",
  "restart",
  "escalate",
  { restarts: 2, withinMs: 20_000 },
];

/** The data that all members of one family share. */
interface World {
  readonly random: () => number;
  /** The last count that each member has saved. */
  readonly saved: Map<string, number>;
  /** Each broken promise. */
  readonly breaches: string[];
  acts: number;
}

/** A member of a family that does something random from time to time. */
class Relative extends Agent {
  #count = 0;
  readonly #world: World;
  readonly #parent: Relative | null;

  constructor(
    container: Container,
    world: World,
    parent: Relative | null,
    options: { id: string; onFailure: FailurePolicy },
  ) {
    super(container, options);
    this.#world = world;
    this.#parent = parent;
    if (parent?.signal.aborted) this.#breach("was made after its parent");
  }

  protected override snapshot(): number {
    return this.#count;
  }

  protected override restore(count: number): void {
    this.#count = count;
    if (count < this.#world.saved.get(this.id)!) this.#breach("lost a save");
  }

  protected override async onStart(): Promise<void> {
    if (this.#world.saved.get(this.id)! > this.#count) {
      this.#breach("was not restored");
    }
    const depth = this.id.split(".").length;
    for (let i = 0; depth < 4 && i < 2; i++) {
      const policy = Math.floor(this.#world.random() * POLICIES.length);
      await this.spawnChild(Relative, this.#world, this, {
        id: `${this.id}.${i}`,
        onFailure: POLICIES[policy]!,
      });
    }
    this.run((signal) => this.#live(signal));
  }

  protected override onClose(): void {
    for (const id of this.container.agents.keys()) {
      if (id.startsWith(`${this.id}.`)) this.#breach(`is outlived by ${id}`);
    }
  }

  async #live(signal: AbortSignal): Promise<void> {
    const { random } = this.#world;
    for (;;) {
      await this.container.clock.sleep(0.1 + random() * 20, { signal });
      if (this.#parent?.signal.aborted) this.#breach("outlives its parent");
      this.#world.acts++;
      const dice = random();
      if (dice < 0.2) throw new Error(`${this.id} fails`);
      if (dice < 0.23 && this.#parent !== null) this.close();
      this.#count++;
      await this.save();
      this.#world.saved.set(this.id, this.#count);
    }
  }

  #breach(what: string): void {
    this.#world.breaches.push(`${this.id} ${what}`);
  }
}

for (let seed = 1; seed <= 6; seed++) {
  withCtx({
    name:
      `a family whose members fail at random leaves nobody behind, seed ${seed}`,
    transports: ["memory"],
    utcStart: "2024-01-01",
  }, async (ctx) => {
    const world: World = {
      random: seededRandom(seed),
      saved: new Map(),
      breaches: [],
      acts: 0,
    };
    const container = await ctx.createContainer({ onError: () => {}, seed });
    await container.spawn(Relative, world, null, {
      id: "root",
      onFailure: { restarts: 1_000 },
    });
    await fastForward(ctx.clock, { until: 300 });
    assertEquals(world.breaches, []);
    assert(world.acts > 20, `${world.acts} acts`);
    for (const id of container.agents.keys()) {
      const parent = id.slice(0, id.lastIndexOf("."));
      assert(id === "root" || container.agents.has(parent), `${id} is alone`);
    }
    await container.close();
    const { agents, hiddenAgents } = container.stats();
    assertEquals([agents, hiddenAgents, world.breaches], [0, 0, []]);
  });
}

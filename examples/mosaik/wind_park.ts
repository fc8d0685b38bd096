/**
 * A wind park as a mosaik simulator. Its turbines are agents. If the park has a
 * cap, they negotiate their shares of it.
 *
 *     deno run --allow-net wind_park.ts HOST:PORT
 *
 * @module
 */
import { Container } from "@denomas/denomas/agent";
import {
  type Entity,
  type Inputs,
  type OutputRequest,
  type Outputs,
  runSimulator,
  Simulator,
} from "@denomas/denomas/mosaik";
import type { Remote } from "@denomas/denomas/rpc";
import { negotiate } from "./fair_shares.ts";
import { Turbine, type TurbineData } from "./turbine.ts";

const STEP_S = 900;

/** One park. It steps regularly, and also whenever it gets another cap. */
export class WindPark extends Simulator {
  override readonly meta = {
    type: "hybrid",
    models: {
      Park: {
        public: true,
        params: ["turbines"],
        attrs: ["cap", "available", "power"],
        trigger: ["cap"],
        "non-persistent": ["cap", "available"],
      },
      Turbine: { public: false, params: [], attrs: ["wind", "power"] },
    },
  } as const;

  readonly #turbines: Turbine[] = [];
  readonly #remotes: Remote<Turbine>[] = [];
  #container: Container | null = null;
  #cap: number | null = null;
  #available = 0;
  #time = -1;
  #isNewTime = false;

  override async create(
    num: number,
    _model: string,
    { turbines }: Readonly<Record<string, unknown>>,
  ): Promise<Entity[]> {
    if (num !== 1 || this.#container !== null) {
      throw new RangeError("Cannot create the park: there can only be one");
    }
    const container = await Container.create("local://wind-park");
    this.#container = container;
    for (const [index, data] of (turbines as TurbineData[]).entries()) {
      const turbine = await container.spawn(Turbine, `turbine-${index}`, data);
      this.#turbines.push(turbine);
      this.#remotes.push(await container.connect<Turbine>(turbine.address));
    }
    const children = this.#turbines.map(({ id }) => ({
      eid: id,
      type: "Turbine",
      rel: ["park"],
    }));
    return [{ eid: "park", type: "Park", children }];
  }

  override async step(time: number, inputs: Inputs): Promise<number> {
    this.#isNewTime = time > this.#time;
    this.#time = time;
    const cap = valueOf(inputs, "park", "cap");
    if (cap !== undefined) this.#cap = cap as number | null;
    const available = await Promise.all(
      this.#remotes.map((remote, index) =>
        remote.feel(Number(valueOf(inputs, `turbine-${index}`, "wind")))
      ),
    );
    this.#available = sum(available);
    await negotiate(this.#remotes, this.#cap ?? this.#available);
    return time - time % STEP_S + STEP_S;
  }

  override getData(outputs: OutputRequest): Outputs {
    const turbines = this.#turbines.filter(({ id }) => id in outputs);
    return {
      park: {
        power: sum(this.#turbines.map(({ power }) => power)),
        // Reported once per time step: a cap does not change it.
        ...(this.#isNewTime && { available: this.#available }),
      },
      ...Object.fromEntries(turbines.map(({ id, power }) => [id, { power }])),
    };
  }

  override async stop(): Promise<void> {
    await this.#container?.close();
  }
}

/** Returns the value of an input that has one source. */
function valueOf(inputs: Inputs, eid: string, attribute: string): unknown {
  return Object.values(inputs[eid]?.[attribute] ?? {})[0];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, it) => total + it, 0);
}

if (import.meta.main) Deno.exit(await runSimulator(new WindPark()));

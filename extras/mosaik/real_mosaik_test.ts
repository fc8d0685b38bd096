import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { testWithPython } from "../../dev/checks/fixtures/test_with_python.ts";
import {
  type Outcome,
  programStarter,
  RealMosaik,
} from "./fixtures/real_mosaik.ts";
import {
  Asker,
  EventBased,
  EventSetter,
  Failing,
  Hybrid,
  makeEntities,
  TimeBased,
  Tree,
} from "./fixtures/simulators.ts";
import type { Entity, Inputs, OutputRequest, Outputs } from "./data.ts";
import type { Meta, ModelDescription } from "./meta.ts";
import { listenSimulator, type ListenSimulatorOptions } from "./start.ts";
import type { SimulatorFunctions } from "./simulator.ts";

/** Registers a test with a real mosaik. */
function withMosaik(
  name: string,
  fn: (mosaik: RealMosaik) => Promise<void>,
): void {
  testWithPython(name, async (python) => {
    await using mosaik = new RealMosaik(python);
    await fn(mosaik);
  });
}

/** Runs a scenario in which mosaik connects to a simulator in this process. */
async function playWith(
  mosaik: RealMosaik,
  scenario: string,
  simulator: SimulatorFunctions,
  options: ListenSimulatorOptions = {},
): Promise<Outcome> {
  await using running = await listenSimulator(
    simulator,
    "tcp://127.0.0.1:0",
    options,
  );
  const connect = running.address.slice("tcp://".length);
  const outcome = await mosaik.play(scenario, { connect });
  const { by, code } = await running.closed;
  assertEquals([by, code], ["peer", "closed"]);
  return outcome;
}

withMosaik("The real mosaik steps a time-based simulator", async (mosaik) => {
  const simulator = new TimeBased();
  const { result, error, log } = await playWith(
    mosaik,
    "multiply_slowly",
    simulator,
  );
  assertEquals([error, log], [null, []]);
  assertEquals(simulator.steps, [0, 2, 4]);
  assertEquals([simulator.sid, simulator.stops], ["Tested", 1]);
  assertEquals(simulator.params?.time_resolution, 1);
  assertEquals(result, {
    "0": collected(0),
    "2": collected(60),
    "4": collected(120),
  });
});

withMosaik("The real mosaik steps an event-based simulator", async (mosaik) => {
  const simulator = new EventBased();
  const { result, error, log } = await playWith(mosaik, "multiply", simulator);
  assertEquals([error, log], [null, []]);
  assertEquals(simulator.steps, [0, 1, 2, 3, 4]);
  assertEquals((result as Record<string, unknown>)["4"], collected(120));
});

withMosaik("The real mosaik steps a hybrid simulator", async (mosaik) => {
  const simulator = new Hybrid();
  const { result, error, log } = await playWith(
    mosaik,
    "multiply_slowly",
    simulator,
  );
  assertEquals([error, log], [null, []]);
  // The simulator requested the step at 3 itself. It still gets the input of 2.
  assertEquals(simulator.steps, [0, 2, 3, 4]);
  assertEquals(result, {
    "1": collected(0),
    "3": collected(60),
    "4": collected(60),
  });
});

withMosaik("The real mosaik starts a simulator by cmd", async (mosaik) => {
  await using folder = await makeFolder();
  const marker = `${folder.path}/marker`;
  const { result, error, log } = await mosaik.play(
    "multiply",
    programStarter("--marker", marker),
  );
  assertEquals([error, log], [null, []]);
  assertEquals((result as Record<string, unknown>)["4"], collected(120));
  assertEquals(await Deno.readTextFile(marker), "stopped\n");
});

withMosaik("The real mosaik takes children, and calls an extra method", async (
  mosaik,
) => {
  const { result, error } = await playWith(mosaik, "tree", new Tree());
  assertEquals(error, null);
  assertEquals(result, {
    eid: "Tested.Tree-0",
    children: [["Tested.Tree-0.a", "Leaf"], ["Tested.Tree-0.b", "Leaf"]],
    extra_info: { height: 7 },
    related: ["Tested.Tree-0.a", "Tested.Tree-0.b"],
    described: "OAK",
  });
});

withMosaik("The real mosaik answers a simulator's calls", async (mosaik) => {
  const simulator = new Asker();
  const { error } = await playWith(mosaik, "ask", simulator);
  assertEquals(error, null);
  const [first, second, third] = simulator.answers;
  const asker = { "Asker.Asker-0": { sid: "Asker", type: "Asker" } };
  const store = "Store-0.store";
  // Of 3 steps, the store has made one, and this simulator none.
  assertEquals(first?.["progress"], 100 / 6);
  assertEquals(first?.["one"], asker);
  assertEquals(first?.["some"], { [store]: asker });
  assertEquals(first?.["all"], {
    nodes: { [store]: { sid: "Store-0", type: "Store" }, ...asker },
    edges: [[store, "Asker.Asker-0", {}]],
  });
  assertStringIncludes(String(first?.["refusal"]), "RemoteError");
  const values = [first, second, third].map((it) => it?.["data"]);
  // mosaik answers with the data of the last step of the requesting simulator.
  assertEquals(values, [0, 0, 1].map((value) => ({ [store]: { value } })));
});

withMosaik("The real mosaik steps at an event that a simulator set", async (
  mosaik,
) => {
  const simulator = new EventSetter();
  const { error } = await playWith(mosaik, "set_events", simulator);
  assertEquals(error, null);
  assertEquals(simulator.steps, [0, 3]);
});

withMosaik("The real mosaik shows what a simulator throws", async (mosaik) => {
  const reports: unknown[] = [];
  const { error, log } = await playWith(mosaik, "fail", new Failing(), {
    onError: (error) => void reports.push(error),
  });
  // The scenario continues, so it must be reported as incomplete.
  assertEquals(error, null);
  assertStringIncludes(String(reports), "'run' returns as if it were complete");
  assertStringIncludes(
    log.join(""),
    "Simulator Tested aborted the simulation with error RangeError(the wind is too strong)",
  );
  assertStringIncludes(log.join(""), "simulators.ts");
});

withMosaik("The real mosaik raises an error about a wrong result", async (
  mosaik,
) => {
  class Wrong extends TimeBased {
    readonly #result: Readonly<Record<string, unknown>>;
    constructor(result: Readonly<Record<string, unknown>>) {
      super();
      this.#result = result;
    }
    override step(time: number, inputs: Inputs): number {
      const next = super.step(time, inputs);
      return "next" in this.#result ? this.#result.next as number : next;
    }
    override getData(outputs: OutputRequest): Outputs {
      const result = super.getData(outputs);
      return "data" in this.#result ? this.#result.data as Outputs : result;
    }
  }
  const results = [
    ...[0, 0.5, null, "1"].map((next) => ({ next })),
    ...[null, [], { "Multiplier-0": 1 }, { time: -1 }].map((data) => ({
      data,
    })),
  ];
  for (const result of results) {
    const reports: unknown[] = [];
    const onError = (error: unknown) => void reports.push(error);
    await using running = await listenSimulator(
      new Wrong(result),
      "tcp://127.0.0.1:0",
      { onError },
    );
    const connect = running.address.slice("tcp://".length);
    const { error } = await mosaik.play("multiply", { connect });
    assertMatch(String(error), /Error/, JSON.stringify(result));
    assertEquals(reports.length, 1, JSON.stringify(result));
  }
});

withMosaik("The real mosaik takes the largest next step", async (mosaik) => {
  const simulator = new TimeBased();
  simulator.step = () => 2 ** 60;
  const { error, log } = await playWith(mosaik, "multiply", simulator);
  assertEquals([error, log], [null, []]);
});

withMosaik(
  "The real mosaik ends with an error where no check is made here",
  async (
    mosaik,
  ) => {
    const model = { public: true, params: [], attrs: ["a", "b"] };
    const refused: [error: string, Partial<Meta>, Partial<Entity>][] = [
      ["non-persistent", described({ "non-persistent": ["a"] }), {}],
      ["trigger", described({ trigger: ["a"] }), {}],
      ["persistent", described({ persistent: ["a", "c"] }), {}],
      ["illegal model name", { models: { M: model, step: model } }, {}],
      ["extra method", { extra_methods: ["stop"] }, {}],
      ["extra method", { extra_methods: ["M"] }, {}],
      ["multiple entities", {}, { eid: "same" }],
      ["wrong type", {}, { type: "N" }],
      ["multiple entities", {}, { children: [{ eid: "M-1", type: "M" }] }],
      ["not found", {}, { children: [{ eid: "child", type: "N" }] }],
    ];
    for (const [error, meta, entity] of refused) {
      await using running = await listenSimulator({
        meta: { type: "time-based", models: { M: model }, ...meta },
        create: (num: number, type: string) =>
          makeEntities(num, type).map((it) => ({ ...it, ...entity })),
        step: (time: number) => time + 1,
        M: () => {},
      }, "tcp://127.0.0.1:0");
      const connect = running.address.slice("tcp://".length);
      const outcome = await mosaik.play("make", { connect });
      assertStringIncludes(String(outcome.error), error);
    }

    function described(more: Partial<ModelDescription>): Partial<Meta> {
      return { models: { M: { ...model, ...more } } };
    }
  },
);

withMosaik(
  "The real mosaik takes a meta without what it has defaults for",
  async (
    mosaik,
  ) => {
    const simulator = {
      meta: {
        api_version: "3.0.15",
        type: "time-based",
        models: { M: { "non-trigger": ["a"], persistent: ["a"] } },
      } as const,
      create: (num: number, type: string) => makeEntities(num, type),
      step: (time: number) => time + 1,
    };
    const { error, log } = await playWith(mosaik, "make", simulator);
    assertEquals([error, log], [null, []]);
  },
);

withMosaik("The real mosaik tells of a simulator that died", async (mosaik) => {
  const { error } = await mosaik.play(
    "fail",
    programStarter("--kind", "dying"),
  );
  assertStringIncludes(String(error), "ConnectionClosedError");
  assertStringIncludes(String(error), "'Tested' was broken");
  assertStringIncludes(String(error), "'step' call");
});

withMosaik(
  "A simulator stops in good order when the real mosaik is killed",
  async (
    mosaik,
  ) => {
    const simulator = new TimeBased();
    await using running = await listenSimulator(simulator, "tcp://127.0.0.1:0");
    const connect = running.address.slice("tcp://".length);
    const started = await mosaik.play("wait_for_ever", { connect });
    assertEquals([started.result, simulator.stops], ["started", 0]);
    mosaik.kill();
    const { by, code } = await running.closed;
    assertEquals([by, code], ["peer", "lost"]);
    assertEquals(simulator.stops, 1);
  },
);

withMosaik(
  "A program stops in good order when the real mosaik is killed",
  async (
    mosaik,
  ) => {
    await using folder = await makeFolder();
    const marker = `${folder.path}/marker`;
    await Deno.writeTextFile(marker, "");
    const watcher = Deno.watchFs(marker);
    const started = await mosaik.play(
      "wait_for_ever",
      programStarter("--marker", marker, "--log-level", "critical"),
    );
    assertEquals(started.result, "started");
    mosaik.kill();
    for await (const { kind } of watcher) {
      if (kind === "modify") break;
    }
    assertEquals(await Deno.readTextFile(marker), "stopped\n");
  },
);

function collected(value: number): unknown {
  return {
    in: { "Tested.Multiplier-0": value, "Tested.Multiplier-1": value },
  };
}

async function makeFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempDir({ prefix: "a b%" });
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

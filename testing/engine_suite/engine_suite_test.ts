import {
  assert,
  AssertionError,
  assertRejects,
  assertThrows,
} from "@std/assert";
import type { Engine, Entry, EntryChange } from "../../agent/cluster/engine.ts";
import { containerEngine } from "../../agent/cluster/container_engine.ts";
import { EngineAgent } from "../../agent/cluster/engine_agent.ts";
import { CutTransport } from "../../agent/cluster/fixtures/cut_transport.ts";
import { Container } from "../../agent/container.ts";
import { DenomasError } from "../../transports/errors.ts";
import { memoryEngine } from "../../agent/cluster/memory_engine.ts";
import { type EngineCluster, Stage } from "./_stage.ts";
import { ENGINE_OBLIGATIONS, testEngine } from "./engine_suite.ts";

Deno.test("testEngine wants a reason for what is skipped, and knows it", () => {
  const start = () => ({ open: () => memoryEngine() });
  for (const skip of [{ leases: " " }, { flying: "no wings" }]) {
    assertThrows(() => testEngine("engine", start, { skip }), TypeError);
  }
});

/**
 * Returns the methods with which a broken engine differs from a correct one.
 */
type Sabotage = (engine: Engine) => Partial<Engine>;

async function startBroken(
  sabotage: Sabotage,
  timeoutMs: number,
): Promise<EngineCluster> {
  const container = await Container.create(`local://${crypto.randomUUID()}`);
  const { address } = await container.spawn(EngineAgent);
  const transport = new CutTransport(address);
  const options = {
    transports: [transport],
    timeoutMs,
    onError: () => {},
  };
  const engines: Engine[] = [];
  const open = async () => {
    const engine = await containerEngine(address, options);
    engines.push(engine);
    const whole: Engine = {
      transports: engine.transports,
      get nodeAddress() {
        return engine.nodeAddress;
      },
      publish: (topic, message) => engine.publish(topic, message),
      subscribe: (topic, onMessage) => engine.subscribe(topic, onMessage),
      get: (key) => engine.get(key),
      put: (key, value, options) => engine.put(key, value, options),
      remove: (key, expected) => engine.remove(key, expected),
      watch: (prefix, onChange) => engine.watch(prefix, onChange),
      [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
    };
    const broken = Object.getOwnPropertyDescriptors(sabotage(engine));
    return Object.defineProperties(whole, broken);
  };
  return {
    open,
    cut: () => transport.cut(),
    dispose: async () => {
      for (const engine of engines) await engine[Symbol.asyncDispose]();
      await container.close();
    },
  };
}

const turn = () => new Promise((resolve) => setTimeout(resolve));

const BROKEN: readonly (readonly [string, string, Sabotage])[] = [
  ["reads what it has read before", "newest", (engine) => {
    const read = new Map<string, Entry | null>();
    return {
      get: async (key) => {
        if (!read.has(key)) read.set(key, await engine.get(key));
        return read.get(key)!;
      },
    };
  }],
  ["copies values late", "copies", (engine) => ({
    put: async (key, value, options) => {
      await turn();
      return await engine.put(key, value, options);
    },
  })],
  ["takes any key", "keys", (engine) => ({
    get: (key) => engine.get(key.replace(/\W/g, "_") || "_"),
    put: (key, value) => engine.put(key.replace(/\W/g, "_") || "_", value),
    remove: (key) => engine.remove(key.replace(/\W/g, "_") || "_"),
  })],
  ["cuts long values", "bigValues", (engine) => ({
    put: (key, value) => engine.put(key, value.subarray(0, 65_536)),
  })],
  ["does not compare revisions", "expected", (engine) => ({
    put: (key, value) => engine.put(key, value),
  })],
  ["removes any revision", "removal", (engine) => ({
    remove: (key) => engine.remove(key),
  })],
  ["begins revisions anew", "revisions", (engine) => {
    const first = new Map<string, number>();
    return {
      put: async (key, value, { expected, ...options } = {}) => {
        const before = first.get(key);
        const replaced = expected === undefined
          ? {}
          : { expected: expected && expected + (before ?? 0) - 1 };
        const revision = await engine.put(key, value, {
          ...options,
          ...replaced,
        });
        if (expected === 0) first.set(key, revision);
        return revision - (first.get(key) ?? revision) + 1;
      },
    };
  }],
  ["compares first and writes later", "raceToCreate", (engine) => ({
    put: async (key, value, { expected = 0 } = {}) => {
      const entry = await engine.get(key);
      if ((entry?.revision ?? 0) !== expected) {
        return await engine.put(key, value, { expected });
      }
      return await engine.put(key, value);
    },
  })],
  ["compares first and writes later", "raceToChange", (engine) => ({
    put: async (key, value, { expected = 0 } = {}) => {
      const entry = await engine.get(key);
      if ((entry?.revision ?? 0) !== expected) {
        return await engine.put(key, value, { expected });
      }
      return await engine.put(key, value);
    },
  })],
  ["removes what is not there", "raceToRemove", (engine) => ({
    remove: (key, expected) => engine.remove(key, expected).catch(() => {}),
  })],
  ["writes although its signal has aborted", "abort", (engine) => ({
    put: (key, value) => engine.put(key, value),
  })],
  ["ignores leases", "leases", (engine) => ({
    put: (key, value, { leaseMs: _, ...options } = {}) =>
      engine.put(key, value, options),
  })],
  ["does not tell the end of leases", "leases", (engine) => ({
    watch: (prefix, onChange) =>
      engine.watch(prefix, (change) => {
        if (change.kind === "put") onChange(change);
      }),
  })],
  ["ends leases early", "leases", (engine) => ({
    put: async (key, value, { leaseMs = Infinity, ...options } = {}) => {
      const revision = await engine.put(key, value, options);
      if (leaseMs < Infinity) {
        setTimeout(() => engine.remove(key, revision).catch(() => {}), 100);
      }
      return revision;
    },
  })],
  ["counts a lease from the first write", "renewal", (engine) => {
    const until = new Map<string, number>();
    return {
      put: async (key, value, { leaseMs = Infinity, ...options } = {}) => {
        if (!until.has(key)) until.set(key, performance.now() + leaseMs);
        const leftMs = until.get(key)! - performance.now();
        const isOver = leftMs < 1_000;
        return await engine.put(key, value, {
          ...options,
          leaseMs: isOver ? 1_000 : leftMs,
        });
      },
    };
  }],
  ["takes any lease", "shortLeases", (engine) => ({
    put: (key, value, { leaseMs: _, ...options } = {}) =>
      engine.put(key, value, options),
  })],
  ["tells only what changes", "watch", (engine) => ({
    watch: async (prefix, onChange) => {
      let isThere = true;
      const watch = await engine.watch(prefix, (change) => {
        if (!isThere) onChange(change);
      });
      isThere = false;
      return watch;
    },
  })],
  ["watches all", "prefixes", (engine) => ({
    watch: (_, onChange) => engine.watch("", onChange),
  })],
  ["tells changes in any order", "watchOrder", (engine) => ({
    watch: (prefix, onChange) => {
      let held: EntryChange | null = null;
      return engine.watch(prefix, (change) => {
        if (held !== null) {
          onChange(change);
          onChange(held);
          held = null;
        } else held = change;
      });
    },
  })],
  ["loses every tenth change", "manyKeys", (engine) => ({
    watch: (prefix, onChange) => {
      let count = 0;
      return engine.watch(prefix, (change) => {
        if (++count % 10 !== 0) onChange(change);
      });
    },
  })],
  ["follows only after what was there", "watchWhileWriting", (engine) => ({
    watch: async (prefix, onChange) => {
      const there = await engine.watch(prefix, onChange);
      await there[Symbol.asyncDispose]();
      await turn();
      const before = new Set<number>();
      let isNew = false;
      const watch = await engine.watch(prefix, (change) => {
        if (isNew) onChange(change);
        else if (change.kind === "put") before.add(change.entry.revision);
      });
      isNew = true;
      return watch;
    },
  })],
  ["goes on telling", "watchEnd", (engine) => ({
    watch: async (prefix, onChange) => {
      await engine.watch(prefix, onChange);
      return { [Symbol.asyncDispose]: () => Promise.resolve() };
    },
  })],
  ["swaps messages", "messages", (engine) => {
    let held: Uint8Array | null = null;
    return {
      publish: (topic, message) => {
        if (held === null) held = message;
        else {
          engine.publish(topic, message);
          engine.publish(topic, held);
          held = null;
        }
      },
    };
  }],
  ["sends each message twice", "messages", (engine) => ({
    publish: (topic, message) => {
      engine.publish(topic, message);
      engine.publish(topic, message);
    },
  })],
  ["sends its messages to others only", "messages", (engine) => ({
    subscribe: (topic) => engine.subscribe(topic, () => {}),
  })],
  ["mixes topics", "topics", (engine) => ({
    publish: (topic, message) => engine.publish(topic.split(".")[0]!, message),
    subscribe: (topic, onMessage) =>
      engine.subscribe(topic.split(".")[0]!, onMessage),
  })],
  ["subscribes late", "fromNowOn", (engine) => ({
    subscribe: async (topic, onMessage) => {
      const late = turn().then(() => engine.subscribe(topic, onMessage));
      await Promise.resolve();
      return {
        [Symbol.asyncDispose]: async () =>
          await (await late)[Symbol.asyncDispose](),
      };
    },
  })],
  ["copies messages late", "messageBytes", (engine) => ({
    publish: (topic, message) =>
      queueMicrotask(() => engine.publish(topic, message)),
  })],
  ["goes on sending", "unsubscribe", (engine) => ({
    subscribe: async (topic, onMessage) => {
      await engine.subscribe(topic, onMessage);
      return { [Symbol.asyncDispose]: () => Promise.resolve() };
    },
  })],
  ["is not disposed of", "dispose", () => ({
    [Symbol.asyncDispose]: () => Promise.resolve(),
  })],
  ["rejects with errors of its own", "dispose", (engine) => ({
    get: (key) =>
      engine.get(key).catch((cause) => {
        throw new Error("failed", { cause });
      }),
  })],
  ["leaves what is pending", "disposeWhileBusy", () => ({
    put: () => new Promise(() => {}),
  })],
  ["sends messages later that it could not send", "cut", (engine) => {
    let isAway = false;
    const unsent: Parameters<Engine["publish"]>[] = [];
    return {
      get: async (key) => {
        isAway = true;
        const entry = await engine.get(key);
        isAway = false;
        return entry;
      },
      publish: (...message) => {
        if (isAway) unsent.push(message);
        // Send them again with each message: subscriptions may not be back yet.
        for (const it of unsent) engine.publish(...it);
        engine.publish(...message);
      },
    };
  }],
  ["waits for ever", "cut", (engine) => ({
    get: (key) => engine.get(key).catch(() => new Promise(() => {})),
  })],
  ["does not tell what it has missed", "difference", (engine) => ({
    watch: (prefix, onChange) =>
      engine.watch(prefix, (change) => {
        if (change.kind === "put") onChange(change);
      }),
  })],
  ["names one address for all", "nodeAddress", () => ({
    nodeAddress: "local://one-for-all",
  })],
];

for (const [fault, obligation, sabotage] of BROKEN) {
  Deno.test({
    name: `testEngine finds by '${obligation}' an engine that ${fault}`,
    timeout: 20_000,
    fn: async () => {
      // Long enough for a busy machine; short where the test waits for it.
      const isCut = ["cut", "difference"].includes(obligation);
      const timeoutMs = isCut ? 300 : 10_000;
      const run = async () => {
        const cluster = await startBroken(sabotage, timeoutMs);
        await using stage = new Stage(cluster, 1_500);
        await ENGINE_OBLIGATIONS[obligation]!.run(stage);
      };
      const error: unknown = await assertRejects(run, Error);
      const isFound = error instanceof AssertionError ||
        error instanceof DenomasError;
      assert(isFound, `Ended with: ${error}`);
    },
  });
}

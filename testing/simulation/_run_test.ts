import { setTimeout as delay } from "node:timers/promises";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { Agent } from "../../agent/agent.ts";
import { openReconnecting } from "../../rpc/reconnect/deno.ts";
import { expose, service, startServer } from "../../rpc/mod.ts";
import { memoryStreams } from "../../transports/memory.ts";
import type { Simulation } from "./contract.ts";
import { SimulationEscapeError } from "./errors.ts";
import { lockClients } from "./fixtures/lock_service.ts";
import type { SimulationBody } from "./_outcome.ts";
import { runSeed } from "./_run.ts";

const CHAOS = {
  ...{ partition: 0.3, hold: 0.5, delay: 0.2, reset: 0.3, "half-open": 0.2 },
  ...{ crash: 0.3, pause: 0.3 },
};

/** Runs a body that must pass. */
async function passes(
  body: SimulationBody,
  options: Partial<Parameters<typeof runSeed>[1]> = {},
) {
  const outcome = await runSeed(body, { seed: 1, ...options });
  if (outcome.failure !== null) throw outcome.failure.error;
  return outcome;
}

/** Runs a body that must fail; returns its error. */
async function fails(
  body: SimulationBody,
  options: Partial<Parameters<typeof runSeed>[1]> = {},
): Promise<Error> {
  const { failure } = await runSeed(body, { seed: 1, ...options });
  assert(failure !== null, "the run passes");
  assertInstanceOf(failure.error, Error);
  return failure.error;
}

Deno.test("runSeed - lets hours pass in virtual time", async () => {
  const before = [performance.now(), Date.now()] as const;
  const seen: number[] = [];
  const { endedAt } = await passes(async () => {
    const start = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 7_200_000));
    seen.push(Date.now() - start, performance.now());
    const signal = AbortSignal.timeout(500);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    assertEquals(signal.reason.name, "TimeoutError");
    let ticks = 0;
    await new Promise<void>((resolve) => {
      const interval = setInterval(() => {
        if (++ticks < 3) return;
        clearInterval(interval);
        resolve();
      }, 1_000);
    });
    clearTimeout(setTimeout(() => seen.push(-1), 1));
    await new Promise((resolve) => setImmediate(resolve));
  }, { untilMs: 10_000_000 });
  assertEquals(seen, [7_200_000, 7_200_000]);
  assertEquals(endedAt, 7_203_500);
  assert(performance.now() - before[0] < 5_000);
  assert(Date.now() - before[1] < 5_000, "Date is real again");
});

Deno.test("runSeed - draws all chance from the seed", async () => {
  const drawn = async (seed: number) => {
    const values: unknown[] = [];
    await passes((sim) => {
      values.push(Math.random(), crypto.randomUUID(), sim.between(1, 1_000));
      values.push(crypto.getRandomValues(new Uint16Array(4)));
    }, { seed });
    return values;
  };
  assertEquals(await drawn(3), await drawn(3));
  assert((await drawn(3))[0] !== (await drawn(4))[0]);
});

Deno.test("runSeed - has the same hash again, after another seed and recorded", async () => {
  const run = (seed: number, isRecorded: boolean) =>
    runSeed(lockClients({ hasBug: false }), {
      ...{ seed, isRecorded, chaos: CHAOS, untilMs: 120_000 },
    });
  const alone = await run(2, false);
  const other = await run(1, false);
  const again = await run(2, true);
  assertEquals(again.hash, alone.hash);
  assert(other.hash !== alone.hash);
  assert(again.trace.events.length > 100);
  assertEquals(alone.trace.events, []);
});

Deno.test("runSeed - has the same hash on another day, and beside other work", async () => {
  const run = () =>
    runSeed(lockClients({ hasBug: false }), {
      ...{ seed: 7, chaos: CHAOS, untilMs: 20_000 },
    });
  const before = await run();
  const { now } = Date;
  // The loop is bounded: a worker that is busy from the start cannot be
  // terminated.
  const spin =
    "data:application/javascript,const end=Date.now()+2000;while(Date.now()<end);";
  const workers = [1, 2].map(() => new Worker(spin, { type: "module" }));
  Date.now = () => now() + 86_400_000;
  try {
    assertEquals((await run()).hash, before.hash);
  } finally {
    Date.now = now;
    for (const worker of workers) worker.terminate();
  }
});

Deno.test("runSeed - is not changed by code outside of it, which keeps real time", async () => {
  const run = () => passes(lockClients({ hasBug: false }), { chaos: CHAOS });
  const { hash } = await run();
  const here = new URL(import.meta.url);
  const years = new Set<number>();
  // As a loop does that an earlier test has left behind.
  const outside = setInterval(() => {
    years.add(new Date().getFullYear());
    Math.random();
    crypto.randomUUID();
    Deno.readTextFileSync(here);
    setTimeout(() => years.add(new Date(Date.now()).getFullYear()), 0);
  }, 1);
  try {
    assertEquals((await run()).hash, hash);
    assertEquals(years, new Set([new Date().getFullYear()]));
  } finally {
    clearInterval(outside);
    await delay(2);
  }
});

Deno.test("runSeed - leaves nothing for later seeds of a node that crashes while it connects", async () => {
  const options = { seed: 2, untilMs: 10_000, chaos: CHAOS, isRecorded: true };
  const before = await passes(lockClients({ hasBug: false }), options);
  assert(before.trace.events.length > 100);
  await passes(async (sim) => {
    await sim.node("hub", async () => {
      await startServer("local://hub", service({ now: () => 1 }));
    });
    sim.node("a", async (node) => {
      await node.sleep(1_000);
      await openReconnecting("local://hub");
    });
    sim.fault({ kind: "partition", node: "a", atMs: 10, forMs: 5_000 });
    sim.fault({ kind: "crash", node: "a", atMs: 2_000, forMs: 20_000 });
    await sim.sleep(10_000);
  });
  const after = await passes(lockClients({ hasBug: false }), options);
  assertEquals(after.hash, before.hash);
});

Deno.test("runSeed - ends while bytes are on their way within a node", async () => {
  await passes(async (sim) => {
    await sim.node("a", () => {
      const [near] = memoryStreams();
      near.write(new Uint8Array(1));
    });
  });
});

Deno.test("runSeed - does the same with its plan as data", async () => {
  const options = { seed: 5, chaos: CHAOS, isRecorded: true };
  const body = lockClients({ hasBug: false });
  const drawn = await passes(body, options);
  assert(drawn.trace.faults.length > 3);
  const { chaos: _, ...rest } = options;
  const planned = await passes(body, { ...rest, faults: drawn.trace.faults });
  assertEquals(planned.trace, drawn.trace);
});

Deno.test("runSeed - runs nothing of a node that has crashed, and starts it anew", async () => {
  const log: string[] = [];
  await passes(async (sim) => {
    sim.node("a", async (node) => {
      for (let tick = 0;; tick++) {
        log.push(`${sim.now} ${node.restarts} ${tick}`);
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
    });
    sim.fault({ kind: "crash", node: "a", atMs: 1_500, forMs: 2_000 });
    await sim.sleep(4_600);
  });
  assertEquals(log, ["0 0 0", "1000 0 1", "3500 1 0", "4500 1 1"]);
});

Deno.test("runSeed - runs nothing of a node that is paused, but afterwards", async () => {
  const log: number[] = [];
  await passes(async (sim) => {
    sim.node("a", async (node) => {
      for (;;) {
        await node.sleep(1_000);
        log.push(sim.now);
      }
    });
    sim.fault({ kind: "pause", node: "a", atMs: 1_500, forMs: 2_000 });
    await sim.sleep(4_600);
  });
  assertEquals(log, [1_000, 3_500, 4_500]);
});

Deno.test("runSeed - lets no node connect while a partition cuts it off", async () => {
  const times: Record<string, number> = {};
  await passes(async (sim) => {
    await sim.node("hub", async () => {
      await startServer("local://hub", service({ now: () => 1 }));
    });
    for (const name of ["a", "b"]) {
      sim.node(name, async (node) => {
        await node.sleep(1_000);
        await openReconnecting("local://hub");
        times[name] = Math.floor(sim.now / 1_000);
      });
    }
    sim.fault({ kind: "partition", node: "a", atMs: 10, forMs: 9_000 });
    await sim.sleep(20_000);
  });
  assertEquals(times, { a: 9, b: 1 });
});

Deno.test("runSeed - fails with a fault of a node that was never started", async () => {
  const typo = { kind: "crash", node: "wroker", atMs: 9, forMs: 5 } as const;
  const body = (node: string): SimulationBody => async (sim) => {
    sim.fault({ ...typo, node });
    await sim.sleep(10);
    await sim.node("hub", () => {});
    await sim.node("worker", () => {});
  };
  await passes(body("worker"));
  const error = await fails(body("wroker"));
  assertStringIncludes(error.message, "crash of 'wroker'");
  assertStringIncludes(error.message, "only the nodes 'hub', 'worker'");
  const planned = await fails(body("worker"), { faults: [typo] });
  assertStringIncludes(planned.message, "crash of 'wroker'");
  const alone = await fails(() => {}, { faults: [typo] });
  assertStringIncludes(alone.message, "the run had no nodes");
  const own = await fails(() => Promise.reject(new RangeError("too far")), {
    faults: [typo],
  });
  assertEquals(own.message, "too far");
});

Deno.test("runSeed - refuses a fault of an unknown kind, and one after its end", async () => {
  const fault = { kind: "crash", node: "a", atMs: 90_000, forMs: 5 } as const;
  const options = { seed: 1, faults: [fault] };
  await assertRejects(() => runSeed(() => {}, options), RangeError, "'atMs'");
  const late = await fails((sim) => sim.fault(fault));
  assertInstanceOf(late, RangeError);
  const wrong = await fails((sim) =>
    sim.fault({ ...fault, kind: "crush" as "crash" })
  );
  assertInstanceOf(wrong, TypeError);
  assertStringIncludes(wrong.message, "'crush'");
});

Deno.test("runSeed - moves the wall clock of one node", async () => {
  const dates: Record<string, number> = {};
  await passes(async (sim) => {
    const start = Date.now();
    for (const name of ["a", "b"]) {
      sim.node(name, async (node) => {
        await node.sleep(1_000);
        dates[name] = Date.now() - start;
      });
    }
    sim.fault({ kind: "skew", node: "a", atMs: 10, forMs: 5e3, amountMs: 70 });
    await sim.sleep(2_000);
  });
  assertEquals(dates, { a: 1_070, b: 1_000 });
});

Deno.test("runSeed - tries both orders of what two nodes do at the same time", async () => {
  const orders = new Set<string>();
  for (let seed = 1; seed <= 20; seed++) {
    const order: string[] = [];
    await passes(async (sim) => {
      for (const name of ["a", "b"]) {
        sim.node(name, async (node) => {
          await node.sleep(1_000);
          order.push(`${name}1`);
          await node.sleep(0);
          order.push(`${name}2`);
        });
      }
      await sim.sleep(2_000);
    }, { seed });
    orders.add(order.join(" "));
  }
  assert(
    orders.has("a1 a2 b1 b2") && orders.has("b1 b2 a1 a2"),
    [...orders].join("; "),
  );
});

class Counter extends Agent {
  #count = 0;

  @expose
  next(): number {
    return ++this.#count;
  }
}

/**
 * Makes a client ask a hub for its counts, with a pause of `pauseMs` before
 * each.
 */
async function countAtHub(
  sim: Simulation,
  counts: number[],
  pauseMs: number,
): Promise<void> {
  const address = await sim.node("hub", async (node) => {
    const container = await node.createContainer();
    return (await container.spawn(Counter)).address;
  });
  sim.node("client", async (node) => {
    const here = await node.createContainer();
    const counter = await here.connect<Counter>(address, { retryForMs: 1e6 });
    for (;;) {
      counts.push(await counter.next().catch(() => -1));
      await node.sleep(pauseMs);
    }
  });
}

Deno.test("runSeed - has agents whose state a crash takes, and watchers notice", async () => {
  const counts: number[] = [];
  await passes(async (sim) => {
    await countAtHub(sim, counts, 1_000);
    sim.fault({ kind: "crash", node: "hub", atMs: 2_500, forMs: 4_000 });
    await sim.sleep(30_000);
  });
  assertEquals(counts.slice(0, 3), [1, 2, 3]);
  assert(counts.includes(1) && counts.lastIndexOf(1) > 2, counts.join());
});

Deno.test("runSeed - names what would leave the simulation", async () => {
  const worker = () => new Worker(import.meta.url, { type: "module" });
  const attempts: [name: string, remedy: string, () => unknown][] = [
    ["fetch", "'withCtx'", () => fetch("http://127.0.0.1:1")],
    ["Deno.open", "'withCtx'", () => Deno.open("a")],
    ["Deno.statSync", "'withCtx'", () => Deno.statSync("a")],
    ["Deno.connect", "'local://name'", () => Deno.connect({ port: 1 })],
    ["Deno.listen", "'local://name'", () => Deno.listen({ port: 0 })],
    ["Worker", "'withCtx'", worker],
  ];
  for (const [name, remedy, attempt] of attempts) {
    const error = await fails(async (sim) => {
      sim.node("a", attempt);
      await sim.run();
    });
    assertInstanceOf(error, SimulationEscapeError);
    assertStringIncludes(error.message, `'${name}'`);
    assertStringIncludes(error.message, remedy);
    assertStringIncludes(error.stack!, "_run_test.ts");
  }
});

Deno.test("runSeed - guards all functions for files and processes", async () => {
  const names = Object.keys(Deno).filter((name) => name.endsWith("Sync"))
    .flatMap((name) => [name, name.slice(0, -"Sync".length)]);
  assert(names.includes("readFileSync"));
  const unguarded: string[] = [];
  await runSeed((sim) => {
    for (const name of names) {
      const act = Reflect.get(Deno, name);
      if (act === undefined) continue;
      try {
        act("a");
      } catch (error) {
        if (String(error).includes(`'Deno.${name}' in a simulation`)) continue;
      }
      unguarded.push(name);
    }
    return sim.sleep(1);
  }, { seed: 1 });
  assertEquals(unguarded, []);
});

Deno.test("runSeed - names what it cannot replace when nothing can happen", async () => {
  const ending = new AbortController();
  let waiting: Promise<void> | undefined;
  const error = await fails(async () => {
    waiting = delay(60_000, undefined, { signal: ending.signal });
    await waiting;
  });
  assertStringIncludes(error.message, "'node:timers'");
  ending.abort();
  await assertRejects(() => waiting!);
});

Deno.test("runSeed - says who waits for what when nothing can happen", async () => {
  const error = await fails(async (sim) => {
    const address = await sim.node("hub", async (node) => {
      const container = await node.createContainer({ heartbeatMs: Infinity });
      return (await container.spawn(Stuck)).address;
    });
    await sim.node("ada", async (node) => {
      const here = await node.createContainer({ heartbeatMs: Infinity });
      const stuck = await here.connect<Stuck>(address);
      await stuck.wait();
    });
  });
  assertStringIncludes(error.message, "Nothing can happen any more");
  assertStringIncludes(
    error.message,
    "'ada' waits for 'agents/0/wait' of 'hub'",
  );
});

class Stuck extends Agent {
  @expose
  wait(): Promise<void> {
    return new Promise(() => {});
  }
}

Deno.test("runSeed - fails with the program of a node, and a stray rejection", async () => {
  for (const isStray of [false, true]) {
    const error = await fails(async (sim) => {
      sim.node("a", async (node) => {
        await node.sleep(10);
        const failing = Promise.reject(new RangeError("too far"));
        if (!isStray) await failing;
      });
      await sim.run();
    });
    assertEquals(error.message, "too far");
  }
});

Deno.test("runSeed - looks at what always holds after each event", async () => {
  let at = 0;
  const error = await fails(async (sim) => {
    let count = 0;
    sim.always("the count is below 3", () => count < 3 || !(at = sim.now));
    for (;;) {
      await sim.sleep(100);
      count++;
    }
  });
  assertStringIncludes(error.message, "the count is below 3");
  assertEquals(at, 300);
});

Deno.test("runSeed - tells a failed assertion in one line, without colours", async () => {
  const { trace } = await runSeed(
    async (sim) => {
      await sim.sleep(10);
      assertEquals([1, 2], [1, 3]);
    },
    { seed: 1, isRecorded: true },
  );
  const failure = trace.events.find(({ kind }) => kind === "failure")!;
  assertMatch(failure.text, /^Values are not equal\.[ -~]+\+ 3,? \]$/);
});

Deno.test("runSeed - looks for what holds at last when all faults are over", async () => {
  const body = (neededMs: number): SimulationBody => async (sim) => {
    let isDone = false;
    sim.node("a", async (node) => {
      await node.sleep(neededMs);
      isDone = true;
    });
    sim.eventually("a is done", () => isDone);
    sim.fault({ kind: "crash", node: "a", atMs: 500, forMs: 1e6 });
    await sim.run();
    await sim.calm({ forMs: 5_000 });
  };
  await passes(body(4_000), { untilMs: 2_000 });
  const error = await fails(body(6_000), { untilMs: 2_000 });
  assertStringIncludes(error.message, "Property 'a is done'");
});

Deno.test("runSeed - fails if no calm follows what holds at last", async () => {
  const early = await fails(async (sim) => {
    sim.eventually("a is done", () => true);
    await sim.run();
  });
  assertStringIncludes(early.message, "Property 'a is done'");
  assertStringIncludes(early.message, "'await sim.calm()'");
  const late = await fails(async (sim) => {
    await sim.calm({ forMs: 10 });
    sim.eventually("b is done", () => true);
  });
  assertStringIncludes(late.message, "Property 'b is done'");
});

Deno.test("runSeed - ends a body that waits longer than its time", async () => {
  const error = await fails((sim) => sim.sleep(70_000));
  assertStringIncludes(error.message, "has not ended at 60000 ms");
});

Deno.test("runSeed - runs the same body over sockets, in real time", async () => {
  const before = performance.now();
  const counts: number[] = [];
  const { endedAt } = await passes(async (sim) => {
    await countAtHub(sim, counts, 10);
    while (counts.length < 3) await sim.sleep(1);
    sim.fault({ kind: "crash", node: "hub", atMs: sim.now, forMs: 50 });
    while (counts.lastIndexOf(1) < 3) await sim.sleep(1);
    await sim.run();
  }, { sockets: true, untilMs: 300 });
  assertEquals(counts.slice(0, 3), [1, 2, 3]);
  assert(endedAt >= 300 && performance.now() - before >= 300);
});

Deno.test("runSeed - notes failed attempts to connect in the trace", async () => {
  const { trace } = await passes(async (sim) => {
    sim.node("client", async () => {
      await openReconnecting("local://nobody", { retryForMs: Infinity });
    });
    await sim.run();
  }, { isRecorded: true });
  const notes = trace.events.filter(({ kind }) => kind === "note");
  assertEquals(notes.map(({ node }) => node), ["client"]);
  assertMatch(notes[0]!.text, /^connect error at local:\/\/nobody: /);
});

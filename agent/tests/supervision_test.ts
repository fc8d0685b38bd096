import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ConnectError } from "../../transports/errors.ts";
import { expose } from "../../rpc/service/expose.ts";
import { withCtx } from "../../testing/ctx.ts";
import { nextTurn } from "../../testing/fixtures/next_turn.ts";
import { Agent } from "../agent.ts";
import type { Container } from "../container.ts";
import { ContainerClosedError } from "../errors.ts";
import type { FailurePolicy } from "../agent_options.ts";
import { Cat } from "../fixtures/cat.ts";
import { aborted, until } from "../fixtures/until.ts";

/** The events of all agents with one name. */
class History {
  readonly made: Worker[] = [];
  starts = 0;
  closes = 0;
  /** Called in `onStart`; may throw. */
  onStart: (worker: Worker) => unknown = () => {};
  get newest(): Worker {
    return this.made.at(-1)!;
  }
}

class Worker extends Agent {
  readonly #history: History;
  constructor(container: Container, history: History, policy: FailurePolicy) {
    super(container, { id: "worker", onFailure: policy });
    this.#history = history;
    history.made.push(this);
  }
  protected override async onStart() {
    await this.#history.onStart(this);
    this.#history.starts++;
  }
  protected override onClose() {
    this.#history.closes++;
  }
  /** Runs tasks that all fail in the same turn. */
  fails(...messages: string[]): void {
    for (const message of messages) {
      this.run(async () => {
        await Promise.resolve();
        throw new RangeError(message);
      });
    }
  }
  work(task: (signal: AbortSignal) => void | Promise<void>): void {
    this.run(task);
  }
  @expose
  hi(): string {
    return "hi";
  }
}

/** Restarts without delay. */
const AT_ONCE = { backoff: { initialMs: 0, maxMs: 0 } };

/** Waits until the `count`th worker can be called. */
async function hasStarted(
  container: Container,
  history: History,
  count: number,
): Promise<void> {
  await until(() =>
    history.starts === count &&
    container.agents.get("worker") === history.newest
  );
}

withCtx("'report' reports what a task throws, and no more", async (ctx) => {
  const container = await ctx.createContainer();
  const history = new History();
  const worker = await container.spawn(Worker, history, "report");
  worker.fails("one");
  worker.work(() => {
    throw new RangeError("at once");
  });
  await nextTurn();
  assertEquals(
    ctx.takeHandlerErrors().map(String).sort(),
    ["RangeError: at once", "RangeError: one"],
  );
  assertEquals([history.closes, container.agents.size], [0, 1]);
});

withCtx("'stop' closes the agent alone", async (ctx) => {
  const container = await ctx.createContainer();
  const cat = await container.spawn(Cat);
  const history = new History();
  const worker = await container.spawn(Worker, history, "stop");
  const gone = container.watch(worker.address);
  worker.fails("one", "two");
  assertEquals(
    (await gone).message,
    "a task of it failed: RangeError: one",
  );
  await until(() => container.stats().hiddenAgents === 0);
  assertEquals(history.closes, 1);
  assertEquals([...container.agents.values()], [cat]);
  // The second task failed when the agent was closed already.
  assertEquals(ctx.takeHandlerErrors().length, 2);
});

withCtx(
  "'restart' makes the agent anew, with its id and arguments",
  async (ctx) => {
    const here = await ctx.createContainer();
    const container = await ctx.createContainer();
    const cat = await container.spawn(Cat);
    const history = new History();
    const first = await container.spawn(Worker, history, AT_ONCE);
    const proxy = await here.connect<Worker>(first.address);
    first.fails("one", "two");
    await hasStarted(container, history, 2);
    assert(history.newest !== first);
    assertEquals([history.made.length, history.closes], [2, 1]);
    assertEquals(history.newest.address, first.address);
    assertEquals(await proxy.hi(), "hi");
    assertEquals(cat.signal.aborted, false);
    assertEquals(ctx.takeHandlerErrors().map(String), [
      "RangeError: one",
      "RangeError: two",
    ]);
  },
);

withCtx("the id of an agent that is restarted stays its own", async (ctx) => {
  const container = await ctx.createContainer();
  const history = new History();
  const gate = Promise.withResolvers<void>();
  const first = await container.spawn(Worker, history, AT_ONCE);
  history.onStart = () => gate.promise;
  first.fails("one");
  await until(() => history.made.length === 2);
  await assertRejects(() => container.spawn(Cat, { id: "worker" }), TypeError);
  gate.resolve();
  await hasStarted(container, history, 2);
  ctx.takeHandlerErrors();
});

withCtx(
  "a restart whose onStart throws is tried again, up to the limit",
  async (ctx) => {
    const container = await ctx.createContainer();
    const history = new History();
    const policy = { ...AT_ONCE, restarts: 3 };
    const first = await container.spawn(Worker, history, policy);
    history.onStart = () => {
      throw new TypeError("cannot start");
    };
    first.fails("one");
    const errors: unknown[] = [];
    await until(() => errors.push(...ctx.takeHandlerErrors()) === 5);
    assertEquals(errors.map(String), [
      "RangeError: one",
      ...Array(3).fill("TypeError: cannot start"),
      `Error: Cannot restart '${first.address}': it has failed too often, raise 'restarts' or mend what fails`,
    ]);
    assertEquals(history.made.length, 4);
    assertEquals([history.starts, history.closes], [1, 1]);
    assertEquals(container.stats().hiddenAgents, 0);
    // The id is free again.
    await container.spawn(Cat, { id: "worker" });
  },
);

withCtx(
  "a task that fails during or right after a restart counts, too",
  async (ctx) => {
    const container = await ctx.createContainer();
    const history = new History();
    const first = await container.spawn(Worker, history, AT_ONCE);
    const started = [
      // A task fails during the start.
      async (worker: Worker) => {
        worker.fails("starting");
        await aborted(worker.signal).catch(() => {});
      },
      // A task fails right after the start, while the restart is unfinished.
      // One turn of the event loop later would be too late.
      (worker: Worker) =>
        worker.work(async () => {
          while (container.agents.get("worker") !== worker) {
            await Promise.resolve();
          }
          throw new RangeError("started");
        }),
      (worker: Worker) => void worker.fails("after"),
    ];
    history.onStart = (worker) => started.shift()?.(worker);
    first.fails("one");
    await until(() => history.made.length === 5);
    await hasStarted(container, history, history.starts);
    await nextTurn();
    const errors = ctx.takeHandlerErrors().map(String);
    assertEquals(errors.filter((it) => it.startsWith("RangeError")), [
      "RangeError: one",
      "RangeError: starting",
      "RangeError: started",
      "RangeError: after",
    ]);
  },
);

withCtx(
  "a restart ends with its container, at each of its moments",
  async (ctx) => {
    for (const moment of ["closing", "waiting", "starting"] as const) {
      const container = await ctx.createContainer();
      const history = new History();
      const policy = moment === "waiting"
        ? { backoff: { initialMs: 60_000, maxMs: 60_000 } }
        : AT_ONCE;
      const first = await container.spawn(Worker, history, policy);
      const hang = Promise.withResolvers<void>();
      if (moment === "closing") first.work(() => hang.promise);
      history.onStart = () => hang.promise;
      first.fails("one");
      if (moment === "closing") await nextTurn();
      if (moment === "waiting") await until(() => history.closes === 1);
      if (moment === "starting") await until(() => history.made.length === 2);
      await container.close({ graceMs: 5 });
      await nextTurn();
      assertEquals(history.made.length, moment === "starting" ? 2 : 1);
      assertEquals(ctx.takeHandlerErrors().map(String), ["RangeError: one"]);
      hang.resolve();
    }
  },
);

withCtx(
  "an agent that closes itself while it is restarted stays closed",
  async (ctx) => {
    const container = await ctx.createContainer();
    const history = new History();
    const first = await container.spawn(Worker, history, AT_ONCE);
    history.onStart = (worker) => void worker.close();
    first.fails("one");
    await until(() => history.closes === 2);
    for (let i = 0; i < 10; i++) await nextTurn();
    assertEquals(history.made.length, 2);
    assertEquals(ctx.takeHandlerErrors().length, 1);
  },
);

withCtx("a task that fails before the start fails the spawn", async (ctx) => {
  const container = await ctx.createContainer();
  for (const policy of ["stop", AT_ONCE] as FailurePolicy[]) {
    const history = new History();
    history.onStart = async (worker) => {
      worker.fails("early");
      await aborted(worker.signal);
    };
    await assertRejects(
      () => container.spawn(Worker, history, policy),
      ContainerClosedError,
      "a task of it failed: RangeError: early",
    );
    assertEquals(history.made.length, 1);
    assertEquals(ctx.takeHandlerErrors().map(String), ["RangeError: early"]);
  }
});

withCtx("'escalate' closes the container, which says why", async (ctx) => {
  const here = await ctx.createContainer();
  const container = await ctx.createContainer();
  const history = new History();
  const worker = await container.spawn(Worker, history, "escalate");
  const proxy = await here.connect<Worker>(worker.address);
  worker.fails("one", "two");
  const { by, code, error } = await container.closed;
  assertEquals([by, code, String(error)], [
    "error",
    "task-failed",
    "RangeError: one",
  ]);
  assertEquals(history.closes, 1);
  await assertRejects(() => proxy.hi(), ConnectError);
  assertEquals(ctx.takeHandlerErrors().length, 2);
});

withCtx("'escalate' joins a close that is under way", async (ctx) => {
  const container = await ctx.createContainer();
  const worker = await container.spawn(Worker, new History(), "escalate");
  worker.work(async (signal) => {
    await aborted(signal).catch(() => {});
    throw new RangeError("late");
  });
  await container.close();
  assertEquals((await container.closed).by, "local");
  assertEquals(ctx.takeHandlerErrors().map(String), ["RangeError: late"]);
});

withCtx(
  "a task that throws what cannot be read is reported as well",
  async (ctx) => {
    const container = await ctx.createContainer();
    const worker = await container.spawn(Worker, new History(), "stop");
    const gone = container.watch(worker.address);
    worker.work(() => {
      throw Object.create(null);
    });
    assertEquals((await gone).scope, "agent");
    assertEquals(ctx.takeHandlerErrors().length, 1);
  },
);

withCtx("a policy of restarts is checked at once", async (ctx) => {
  const container = await ctx.createContainer();
  for (const name of ["restarts", "withinMs", "initialMs", "maxMs"]) {
    for (const value of [-1, NaN]) {
      const policy = ["restarts", "withinMs"].includes(name)
        ? { [name]: value }
        : { backoff: { [name]: value } };
      const error = await assertRejects(
        () => container.spawn(Worker, new History(), policy),
        RangeError,
      );
      assert(error.message.includes(`'${name}' to ${value}`), error.message);
    }
  }
  await assertRejects(
    () => container.spawn(Worker, new History(), "resume" as "stop"),
    TypeError,
    "'onFailure' 'resume'",
  );
  const message = "made by 'container.spawn'";
  const make = () => new Worker(container, new History(), "restart");
  assertThrows(make, TypeError, message);
  class Parent extends Agent {
    constructor(container: Container) {
      super(container);
      new Worker(container, new History(), "restart");
    }
  }
  await assertRejects(() => container.spawn(Parent), TypeError, message);
  assertEquals(container.stats().hiddenAgents + container.stats().agents, 0);
});

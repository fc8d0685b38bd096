import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { usedHeapBytes } from "../channel/fixtures/heap.ts";
import { AgentNotFoundError } from "../rpc/errors.ts";
import { expose } from "../rpc/service/expose.ts";
import { withCtx } from "../testing/fixtures/everywhere.ts";
import { nextTurn } from "../testing/fixtures/next_turn.ts";
import { Agent } from "./agent.ts";
import { Container } from "./container.ts";
import type { AgentTask } from "./agent_options.ts";
import { ContainerClosedError } from "./errors.ts";
import { Cat } from "./fixtures/cat.ts";
import { tablesOf } from "./fixtures/tables.ts";
import { aborted, until } from "./fixtures/until.ts";

/** Logs its life, and runs a function of the test in each hook. */
class Noting extends Agent {
  readonly log: string[];
  readonly #hooks: Hooks;
  constructor(container: Container, log: string[], hooks: Hooks = {}) {
    super(container, { id: hooks.id });
    this.log = log;
    this.#hooks = hooks;
    log.push("constructor");
    hooks.inConstructor?.(this);
  }
  protected override async onStart() {
    this.log.push("start");
    await this.#hooks.onStart?.(this);
    this.log.push("started");
  }
  protected override async onClose() {
    this.log.push("close");
    await this.#hooks.onClose?.(this);
  }
  work(task: AgentTask): void {
    this.run(task);
  }
  @expose
  hi(): string {
    return "hi";
  }
}

interface Hooks {
  readonly id?: string;
  readonly inConstructor?: (agent: Noting) => void;
  readonly onStart?: (agent: Noting) => unknown;
  readonly onClose?: (agent: Noting) => unknown;
}

withCtx("Agent.onStart and onClose run once each, in order", async (ctx) => {
  const container = await ctx.createContainer();
  const log: string[] = [];
  const agent = await container.spawn(Noting, log);
  assertEquals(log, ["constructor", "start", "started"]);
  agent.work(async (signal) => {
    await aborted(signal).catch(() => {});
    log.push("task ended");
  });
  assertEquals(agent.signal.aborted, false);
  const closing = agent.close();
  assertEquals(agent.signal.aborted, true);
  await Promise.all([closing, agent.close(), agent[Symbol.asyncDispose]()]);
  assertEquals(log.slice(3), ["task ended", "close"]);
  assertThrows(() => agent.work(() => {}), ContainerClosedError);
  assertEquals(container.stats().hiddenAgents, 0);
});

withCtx(
  "an agent cannot be seen before its start, nor from its close on",
  async (ctx) => {
    const here = await ctx.createContainer();
    const there = await ctx.createContainer();
    const started = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    const spawning = there.spawn(Noting, [], {
      id: "n",
      onStart: () => started.promise,
      onClose: () => closed.promise,
    });
    const address = `${there.address}/n`;
    await assertRejects(() => here.connect(address), AgentNotFoundError);
    assertEquals([there.agents.size, there.stats().hiddenAgents], [0, 1]);
    started.resolve();
    const agent = await spawning;
    const proxy = await here.connect<Noting>(address);
    assertEquals(await proxy.hi(), "hi");
    const closing = agent.close();
    await assertRejects(() => proxy.hi(), AgentNotFoundError);
    await assertRejects(() => here.connect(address), AgentNotFoundError);
    await assertRejects(() => there.connect(address), AgentNotFoundError);
    closed.resolve();
    await closing;
  },
);

withCtx("Agent.onClose can call and connect to others", async (ctx) => {
  const here = await ctx.createContainer();
  const there = await ctx.createContainer();
  const directory = await there.spawn(Cat);
  await here.spawn(Noting, [], {
    async onClose({ container, id }) {
      const proxy = await container.connect<Cat>(directory.address);
      await proxy.hear(`bye from ${id}`);
    },
  });
  await here.close();
  assertEquals(directory.heard, ["bye from 0"]);
});

withCtx("Agent.close answers the calls under way", async (ctx) => {
  const here = await ctx.createContainer();
  const there = await ctx.createContainer();
  const gate = Promise.withResolvers<string>();
  class Slow extends Agent {
    begun = false;
    @expose
    async work(): Promise<string> {
      this.begun = true;
      return await gate.promise;
    }
  }
  const slow = await there.spawn(Slow);
  const proxy = await here.connect<Slow>(slow.address);
  const work = proxy.work();
  await until(() => slow.begun);
  await slow.close();
  gate.resolve("done");
  assertEquals(await work, "done");
});

withCtx(
  "Container.spawn leaves nothing where a constructor throws",
  async (ctx) => {
    const container = await ctx.createContainer();
    const log: string[] = [];
    const inConstructor = (outer: Noting) => {
      new Cat(outer.container, { id: "inner" });
      throw new RangeError("boom");
    };
    await assertRejects(
      () => container.spawn(Noting, log, { id: "outer", inConstructor }),
      RangeError,
      "boom",
    );
    assertEquals(log, ["constructor"]);
    const { agents, hiddenAgents } = container.stats();
    assertEquals([agents, hiddenAgents], [0, 0]);
    await container.spawn(Cat, { id: "inner" });
    await container.spawn(Noting, [], { id: "outer" });
  },
);

withCtx("Container.spawn leaves nothing where onStart throws", async (ctx) => {
  const container = await ctx.createContainer();
  const log: string[] = [];
  const onStart = (agent: Noting) => {
    agent.work(aborted);
    throw new RangeError("boom");
  };
  await assertRejects(
    () => container.spawn(Noting, log, { onStart }),
    RangeError,
    "boom",
  );
  assertEquals(log, ["constructor", "start"]);
  assertEquals(container.stats().hiddenAgents, 0);
});

withCtx(
  "Container.spawn rejects for an agent that is closed before its start",
  async (ctx) => {
    const container = await ctx.createContainer();
    const closeNow = (agent: Noting) => void agent.close();
    for (
      const [hooks, log] of [
        [{ inConstructor: closeNow }, ["constructor"]],
        [{ onStart: closeNow }, ["constructor", "start", "started", "close"]],
        [{
          async onStart(agent) {
            agent.close();
            await aborted(agent.signal);
          },
        }, ["constructor", "start"]],
      ] as [Hooks, string[]][]
    ) {
      const seen: string[] = [];
      const startedAt = performance.now();
      const error = await assertRejects(
        () => container.spawn(Noting, seen, hooks),
        ContainerClosedError,
        "Cannot start Noting('",
      );
      assert(error.message.endsWith("it was closed"), error.message);
      assert(performance.now() - startedAt < 900, "it took its whole grace");
      assertEquals(seen, log);
    }
    assertEquals(container.stats().hiddenAgents, 0);
  },
);

withCtx(
  "a container that closes does not wait for an onStart that hangs",
  async (ctx) => {
    const container = await ctx.createContainer();
    const log: string[] = [];
    const hang = Promise.withResolvers<void>();
    const spawning = container.spawn(Noting, log, {
      onStart: () => hang.promise,
    });
    await until(() => log.length === 2);
    const rejected = assertRejects(
      () => spawning,
      ContainerClosedError,
      "its container was closed",
    );
    await container.close({ graceMs: 5 });
    await rejected;
    assertEquals(log, ["constructor", "start"]);
    hang.resolve();
  },
);

withCtx("an agent made by new starts by itself", async (ctx) => {
  const container = await ctx.createContainer();
  const cat = new Cat(container);
  assertStrictEquals(container.agents.get(cat.id), cat);
  const log: string[] = [];
  const noting = new Noting(container, log);
  assertEquals([log, container.agents.size], [["constructor"], 1]);
  await until(() => container.agents.size === 2);
  assertEquals(log, ["constructor", "start", "started"]);
  await noting.close();

  const failing = new Noting(container, log, {
    onStart() {
      throw new RangeError("boom");
    },
  });
  await until(() => container.stats().hiddenAgents === 0);
  await nextTurn();
  assertEquals(ctx.takeHandlerErrors().map(String), ["RangeError: boom"]);
  assert(failing.signal.aborted);

  // Closed before it could start, which is not an error.
  const early = new Noting(container, [], { onStart: (it) => it.close() });
  await early.close();
  await until(() => container.stats().hiddenAgents === 0);
});

withCtx(
  "an agent may make others, before and after its own constructor",
  async (ctx) => {
    const container = await ctx.createContainer();
    class Parent extends Agent {
      readonly children: Cat[];
      constructor(container: Container) {
        const before = new Cat(container);
        super(container, { id: "parent" });
        this.children = [before, new Cat(container)];
      }
    }
    const parent = await container.spawn(Parent);
    assertEquals(parent.address, `${container.address}/parent`);
    assertEquals([...container.agents.keys()].sort(), ["0", "1", "parent"]);
    for (const { address } of parent.children) {
      assertEquals(
        await (await container.connect<Cat>(address)).meow(1),
        "meow",
      );
    }
  },
);

withCtx("Agent has an id of its own in its container", async (ctx) => {
  const container = await ctx.createContainer();
  await container.spawn(Cat, { id: "1" });
  const ids = [];
  for (let i = 0; i < 3; i++) ids.push((await container.spawn(Cat)).id);
  assertEquals(ids, ["0", "2", "3"]);
  await container.agents.get("3")!.close();
  assertEquals((await container.spawn(Cat)).id, "4");
  await assertRejects(
    () => container.spawn(Cat, { id: "1" }),
    TypeError,
    "another agent has it",
  );
  for (const id of ["", "a/b", "$a", 5 as unknown as string]) {
    const error = await assertRejects(
      () => container.spawn(Cat, { id }),
      TypeError,
    );
    assert(error.message.startsWith(`Cannot use '${id}' as the id`));
  }
  assertEquals(container.stats().hiddenAgents, 0);
});

withCtx("Agent refuses what is no container, or is closed", async (ctx) => {
  assertThrows(() => new Cat({} as Container), TypeError, "Container.create");
  const container = await ctx.createContainer();
  const other = await ctx.createContainer();
  class Astray extends Agent {
    constructor() {
      super(other);
    }
  }
  await assertRejects(() => container.spawn(Astray), TypeError, "no agent of");
  await container.close();
  assertThrows(() => new Cat(container), ContainerClosedError);
  await assertRejects(() => container.spawn(Cat), ContainerClosedError);
});

withCtx(
  "a close of a container joins and shortens those of agents",
  async (ctx) => {
    const container = await ctx.createContainer();
    const log: string[] = [];
    const agent = await container.spawn(Noting, log);
    const hang = Promise.withResolvers<void>();
    agent.work(() => hang.promise);
    const closing = agent.close({ graceMs: Infinity });
    await nextTurn();
    await container.close({ graceMs: 5 });
    await closing;
    hang.resolve();
    assertEquals(log.at(-1), "close");
  },
);

withCtx(
  "an agent that closes itself again and again does so once",
  async (ctx) => {
    const container = await ctx.createContainer();
    const log: string[] = [];
    const agent = await container.spawn(Noting, log, {
      onClose: (agent) => void agent.close(),
    });
    agent.signal.addEventListener("abort", () => void agent.close());
    agent.work((signal) => {
      signal.addEventListener("abort", () => void agent.close());
    });
    await nextTurn();
    agent.work(() => void agent.close());
    await agent.close();
    assertEquals(log.filter((it) => it === "close").length, 1);
    assertEquals(container.stats().hiddenAgents, 0);
  },
);

withCtx("Agent.onClose that throws or hangs holds nothing up", async (ctx) => {
  const container = await ctx.createContainer();
  const throwing = await container.spawn(Noting, [], {
    onClose() {
      throw new RangeError("boom");
    },
  });
  await throwing.close();
  assertEquals(ctx.takeHandlerErrors().map(String), ["RangeError: boom"]);
  const hang = Promise.withResolvers<void>();
  const hanging = await container.spawn(Noting, [], {
    onClose: () => hang.promise,
  });
  await hanging.close({ graceMs: 1 });
  hang.resolve();
  assertEquals(container.stats().hiddenAgents, 0);
});

withCtx("an agent's method may close its own container", async (ctx) => {
  const here = await ctx.createContainer();
  const there = await ctx.createContainer();
  const cat = await there.spawn(Cat);
  const proxy = await here.connect<Cat>(cat.address);
  assertEquals(await proxy.closeContainer(), "closing");
  assertEquals((await there.closed).by, "local");
  const sizes = tablesOf(there.stats());
  assertEquals(sizes, sizes.map(() => 0));
});

withCtx("a task that ends with its agent is no failure", async (ctx) => {
  const container = await ctx.createContainer();
  const other = await ctx.createContainer();
  const cat = await other.spawn(Cat);
  const agent = await container.spawn(Noting, []);
  const proxy = await container.connect<Cat>(cat.address);
  agent.work(() => container.clock.sleep(60));
  agent.work((signal) => container.clock.sleep(60, { signal }));
  agent.work(async () => void await proxy.never());
  agent.work(async (signal) => {
    await aborted(signal).catch(() => {});
    await container.connect("local://nobody/0", { retryForMs: Infinity });
  });
  await nextTurn();
  await container.close({ graceMs: 20 });
  await nextTurn();
  assertEquals(ctx.takeHandlerErrors(), []);
});

withCtx("String(agent) names class and address", async (ctx) => {
  const container = await ctx.createContainer();
  const Nameless = (() => class extends Agent {})();
  const cat = await container.spawn(Cat);
  const nameless = await container.spawn(Nameless);
  assertEquals(String(cat), `Cat('${container.address}/0')`);
  assertEquals(String(nameless), `Agent('${container.address}/1')`);
  assertInstanceOf(nameless, Agent);
  assertEquals(
    String(await container.connect(nameless.address)),
    `AgentProxy('${nameless.address}')`,
  );
  assertEquals(String(container), `Container('${container.address}')`);
});

Deno.test("an idle agent takes less than a KiB", async () => {
  await using container = await Container.create("local://many");
  await container.spawn(Cat);
  const count = 20_000;
  const before = await usedHeapBytes();
  for (let i = 0; i < count; i++) await container.spawn(Idle);
  const each = (await usedHeapBytes() - before) / count;
  assert(each < 1_024, `${each} bytes each`);
});

class Idle extends Agent {
  @expose
  hi(): string {
    return "hi";
  }
}

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { json } from "../../channel/codecs/json/json.ts";
import { SerializationError } from "../../channel/errors.ts";
import { codecs } from "../../channel/fixtures/codecs.ts";
import { expose } from "../../rpc/service/expose.ts";
import { withCtx } from "../../testing/ctx.ts";
import { nextTurn } from "../../testing/fixtures/next_turn.ts";
import { Agent } from "../agent.ts";
import type { AgentOptions } from "../agent_options.ts";
import { fastForward } from "../clock/pace.ts";
import type { Container } from "../container.ts";
import { ContainerClosedError, StaleStateError } from "../errors.ts";
import { Point, pointSerializer } from "../fixtures/spawned_point.ts";
import { aborted, until } from "../fixtures/until.ts";
import { memoryStore, type StateStore } from "../state/store.ts";

/** Restarts without delay. */
const AT_ONCE = { backoff: { initialMs: 0, maxMs: 0 } };

/** An agent whose state is one value. */
class Keeper extends Agent {
  value: unknown = "at first";
  /** The events, in order. */
  readonly log: string[] = [];
  constructor(container: Container, options: AgentOptions = { id: "one" }) {
    super(container, options);
  }
  protected override snapshot(): unknown {
    return this.value;
  }
  protected override restore(state: unknown): void {
    this.log.push("restore");
    this.value = state;
  }
  protected override onStart(): void {
    this.log.push(`onStart with ${this.value}`);
  }
  keep(value: unknown): Promise<void> {
    this.value = value;
    return this.save();
  }
  drop(): Promise<void> {
    return this.forget();
  }
  work(task: (signal: AbortSignal) => Promise<void>): void {
    this.run(task);
  }
  fail(): void {
    this.run(() => Promise.reject(new Error("out of luck")));
  }
}

/** Returns the keeper in a container, once it is not `before`. */
async function next(container: Container, before: Agent): Promise<Keeper> {
  await until(() => {
    const now = container.agents.get(before.id);
    return now !== undefined && now !== before;
  });
  return container.agents.get(before.id) as Keeper;
}

withCtx(
  { name: "a restarted agent has the state that it saved last", codecs },
  async (ctx) => {
    const container = await ctx.createContainer({
      onError: () => {},
      serializers: [pointSerializer],
    });
    const first = await container.spawn(Keeper, { onFailure: AT_ONCE });
    assertEquals(first.log, ["onStart with at first"]);
    const state = {
      text: "ä",
      list: [1, -2.5, null],
      date: new Date(5),
      map: new Map([["a", 1n << 70n]]),
      bytes: new Uint8Array([0, 255]),
      point: new Point(1, 2),
      infinite: Infinity,
    };
    await first.keep(state);
    state.list.push(7);
    first.value = "not saved";
    first.fail();
    const second = await next(container, first);
    assertEquals(second.value, { ...state, list: [1, -2.5, null] });
    assertEquals(second.log, ["restore", "onStart with [object Object]"]);
    // The agent continues from that state.
    await second.keep("later");
    second.fail();
    assertEquals((await next(container, second)).value, "later");
  },
);

withCtx(
  "an agent that is made anew in a container finds its state",
  async (ctx) => {
    const container = await ctx.createContainer();
    const first = await container.spawn(Keeper);
    first.value = "at its end";
    await first.close();
    assertEquals((await container.spawn(Keeper)).value, "at its end");
    // Another class or id has no state.
    class Other extends Keeper {}
    assertEquals((await container.spawn(Other, { id: "other" })).log, [
      "onStart with at first",
    ]);
    const other = await ctx.createContainer();
    assertEquals((await other.spawn(Keeper)).value, "at first");
  },
);

withCtx({
  name: "a container that is created anew with the same store has the states",
  codecs,
}, async (ctx) => {
  const store = memoryStore();
  for (const expected of ["at first", "round 1", "round 2"]) {
    const container = await ctx.createContainer({ store });
    const keeper = await container.spawn(Keeper);
    assertEquals(keeper.value, expected);
    const round = Number(String(expected).slice(6)) || 0;
    keeper.value = `round ${round + 1}`;
    await container.close();
  }
});

withCtx("what has failed is not saved by its end", async (ctx) => {
  const store = memoryStore();
  for (const onFailure of ["stop", "escalate"] as const) {
    const container = await ctx.createContainer({ store, onError: () => {} });
    const keeper = await container.spawn(Keeper, { id: "one", onFailure });
    if (onFailure === "stop") await keeper.keep("good");
    assertEquals(keeper.value, "good");
    keeper.value = "bad";
    keeper.fail();
    await until(() => container.agents.size === 0);
    await assertRejects(() => keeper.keep("worse"), ContainerClosedError);
    await container.close();
  }
  const container = await ctx.createContainer({ store });
  assertEquals((await container.spawn(Keeper)).value, "good");
});

withCtx(
  "children find their states when their parent is restarted",
  async (ctx) => {
    class Parent extends Keeper {
      child!: Keeper;
      protected override async onStart(): Promise<void> {
        this.child = await this.spawnChild(Keeper, { id: "child" });
      }
    }
    const container = await ctx.createContainer({ onError: () => {} });
    const first = await container.spawn(Parent, { onFailure: AT_ONCE });
    first.child.value = "of the child";
    await first.keep("of the parent");
    first.fail();
    const second = await next(container, first) as Parent;
    assertEquals(
      [second.value, second.child.value],
      ["of the parent", "of the child"],
    );
  },
);

withCtx(
  "the state of an agent without an id of its own lasts for its restarts",
  async (ctx) => {
    const container = await ctx.createContainer({ onError: () => {} });
    const first = await container.spawn(Keeper, { onFailure: AT_ONCE });
    assertEquals(first.id, "0");
    await first.keep("kept");
    first.fail();
    const second = await next(container, first);
    assertEquals(second.value, "kept");
    await second.close();
    const third = await container.spawn(Keeper, { id: "0" });
    assertEquals(third.value, "at first");
  },
);

withCtx("a forgotten state is gone, until it is saved again", async (ctx) => {
  const container = await ctx.createContainer();
  const keeper = await container.spawn(Keeper);
  // The three operations are started without waiting for each other.
  await Promise.all([keeper.keep("one"), keeper.keep("two"), keeper.drop()]);
  await keeper.close();
  assertEquals((await container.spawn(Keeper)).value, "at first");
});

withCtx("a state that was forgotten can be saved again", async (ctx) => {
  const store = memoryStore();
  const container = await ctx.createContainer({ store });
  const keeper = await container.spawn(Keeper);
  await Promise.all([keeper.keep("one"), keeper.drop(), keeper.keep("two")]);
  assert(await store.load("Keeper/one") !== null);
  keeper.value = "three";
  await keeper.close();
  assertEquals((await container.spawn(Keeper)).value, "three");
});

withCtx(
  "saves take place in order, and one that waits gives way",
  async (ctx) => {
    const store = memoryStore();
    const saved: string[] = [];
    const gates: (() => void)[] = [];
    const slow: StateStore = {
      ...store,
      async save(key, bytes, revision) {
        await new Promise<void>((resolve) => gates.push(resolve));
        saved.push(new TextDecoder().decode(bytes));
        return await store.save(key, bytes, revision);
      },
    };
    const codec = json();
    const container = await ctx.createContainer({ store: slow, codec });
    const keeper = await container.spawn(Keeper);
    const all = [keeper.keep("a")];
    await until(() => gates.length === 1);
    all.push(...["b", "c", "d"].map((it) => keeper.keep(it)));
    gates[0]!();
    await until(() => gates.length === 2);
    gates[1]!();
    await Promise.all(all);
    assertEquals(saved, ['"a"', '"d"']);
    await keeper.drop();
  },
);

withCtx(
  "of two agents with one state, the second to save is told",
  async (ctx) => {
    const store = memoryStore();
    const [one, two] = [
      await (await ctx.createContainer({ store })).spawn(Keeper),
      await (await ctx.createContainer({ store })).spawn(Keeper),
    ];
    await one.keep("of one");
    await assertRejects(
      () => two.keep("of two"),
      StaleStateError,
      "Keeper/one",
    );
    await one.keep("of one again");
    await two.drop();
    await assertRejects(() => one.keep("after that"), StaleStateError);
    await one.drop();
  },
);

withCtx("an agent that cannot be restored does not start", async (ctx) => {
  const store = memoryStore();
  const failing = new Error("no such store");
  let isDown = true;
  const container = await ctx.createContainer({
    store: {
      ...store,
      load: (key) => isDown ? Promise.reject(failing) : store.load(key),
    },
  });
  assertStrictEquals(
    await container.spawn(Keeper).catch((error) => error),
    failing,
  );
  isDown = false;
  await store.save("Keeper/one", new Uint8Array([1, 2, 3]), null);
  const unread = await assertRejects(
    () => container.spawn(Keeper),
    TypeError,
    "Cannot restore 'Keeper/one'",
  );
  assertInstanceOf(unread.cause, Error);
  await store.delete("Keeper/one");
  class Choosy extends Keeper {
    protected override restore(state: unknown): void {
      throw new RangeError(`not ${state}`);
    }
  }
  await (await container.spawn(Choosy)).close();
  await assertRejects(
    () => container.spawn(Choosy),
    RangeError,
    "not at first",
  );
  class Half extends Agent {
    protected override snapshot(): number {
      return 1;
    }
  }
  await assertRejects(
    () => container.spawn(Half),
    TypeError,
    "'snapshot' without 'restore'",
  );
  assertEquals(container.stats().agents + container.stats().hiddenAgents, 0);
});

withCtx("save refuses what cannot be saved, and says so", async (ctx) => {
  const errors: unknown[] = [];
  const container = await ctx.createContainer({
    onError: (error) => errors.push(error),
  });
  const keeper = await container.spawn(Keeper);
  await assertRejects(() => keeper.keep(() => {}), SerializationError);
  await assertRejects(() => keeper.keep(keeper), SerializationError);
  await keeper.close();
  assertInstanceOf(errors[0], SerializationError);
  await assertRejects(() => keeper.keep("late"), ContainerClosedError);
  class Plain extends Agent {
    keep(): Promise<void> {
      return this.save();
    }
  }
  const plain = await container.spawn(Plain);
  await assertRejects(() => plain.keep(), TypeError, "define it and 'restore'");
  class Early extends Keeper {
    readonly early: Promise<unknown> = this.save().catch((error) => error);
  }
  const early = await container.spawn(Early);
  assertInstanceOf(await early.early, TypeError);
  await early.drop();
});

withCtx("a store that does not end holds up no close", async (ctx) => {
  const never = new Promise<never>(() => {});
  const store = { ...memoryStore(), save: () => never };
  const container = await ctx.createContainer({ store });
  const keeper = await container.spawn(Keeper);
  const begin = performance.now();
  await keeper.close({ graceMs: 10 });
  assert(performance.now() - begin < 900);
});

withCtx({
  name: "states survive restarts in simulated time",
  transports: ["memory"],
  utcStart: "2024-01-01",
}, async (ctx) => {
  class Metre extends Keeper {
    protected override onStart(): void {
      const { clock } = this.container;
      this.run(async (signal) => {
        for (;;) {
          await clock.sleep(3_600, { signal });
          const hours = (this.value as number) + 1;
          await this.keep(hours);
          if (hours % 5 === 0) throw new Error("out of order");
        }
      });
    }
    override value: unknown = 0;
  }
  const container = await ctx.createContainer({ onError: () => {} });
  await container.spawn(Metre, { id: "metre", onFailure: "restart" });
  await fastForward(ctx.clock, { until: 7 * 86_400 });
  const metre = container.agents.get("metre") as Metre;
  // A restart takes less than a second, and counting continues from there.
  assertEquals(metre.value, 167);
});

/** Returns a store whose saves wait for `open`. */
function gatedStore(): { store: StateStore; open: () => void } {
  const store = memoryStore();
  const { promise, resolve: open } = Promise.withResolvers<void>();
  const save: StateStore["save"] = async (...args) => {
    await promise;
    return await store.save(...args);
  };
  return { store: { ...store, save }, open };
}

withCtx("a restart waits for the save that is under way", async (ctx) => {
  const { store, open } = gatedStore();
  const container = await ctx.createContainer({ store, onError: () => {} });
  const first = await container.spawn(Keeper, {
    id: "one",
    onFailure: AT_ONCE,
  });
  const saved = first.keep("under way");
  first.fail();
  for (let turn = 0; turn < 5; turn++) await nextTurn();
  open();
  await saved;
  assertEquals((await next(container, first)).value, "under way");
});

withCtx("an agent that has failed saves no more while it ends", async (ctx) => {
  const container = await ctx.createContainer({ onError: () => {} });
  const first = await container.spawn(Keeper, { onFailure: AT_ONCE });
  await first.keep("good");
  const late = Promise.withResolvers<unknown>();
  first.work(async (signal) => {
    await aborted(signal).catch(() => {});
    late.resolve(await first.keep("bad").catch((error) => error));
  });
  first.fail();
  assertEquals((await next(container, first)).value, "good");
  assertInstanceOf(await late.promise, ContainerClosedError);
});

withCtx({ name: "each agent has a state of its own", codecs }, async (ctx) => {
  const store = memoryStore();
  for (const round of [1, 2]) {
    const container = await ctx.createContainer({ store });
    for (const id of ["a", "b", "c"]) {
      const keeper = await container.spawn(Keeper, { id });
      if (round === 1) await keeper.keep(id.repeat(100));
      assertEquals(keeper.value, id.repeat(100));
    }
    await container.close();
  }
});

withCtx(
  "the end of an agent waits for its running call before it saves",
  async (ctx) => {
    const begun = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    class Slow extends Keeper {
      @expose
      async change(): Promise<void> {
        this.value = "half";
        begun.resolve();
        await go.promise;
        this.value = "whole";
      }
      protected override onClose(): void {
        nextTurn().then(go.resolve);
      }
      @expose
      async leave(): Promise<void> {
        this.value = "left";
        await this.close({ graceMs: 60_000 });
      }
    }
    const container = await ctx.createContainer();
    const first = await container.spawn(Slow);
    const remote = await container.connect<Slow>(first.address);
    const changing = remote.change();
    await begun.promise;
    await first.close({ graceMs: 60_000 });
    await changing;
    const second = await container.spawn(Slow);
    assertEquals(second.value, "whole");
    // An agent that closes itself in a call does not wait for that call.
    await (await container.connect<Slow>(second.address)).leave();
    assertEquals((await container.spawn(Slow)).value, "left");
  },
);

withCtx(
  "a closing container saves the states of its agents at the same time",
  async (ctx) => {
    const store = memoryStore();
    // Saves wait until the expected number have begun.
    let missing = 0;
    let all = Promise.withResolvers<void>();
    const expect = (count: number) => {
      missing = count;
      all = Promise.withResolvers<void>();
    };
    const container = await ctx.createContainer({
      store: {
        ...store,
        async save(...args) {
          if (--missing === 0) all.resolve();
          await all.promise;
          return await store.save(...args);
        },
      },
    });
    class Parent extends Agent {
      protected override async onStart(): Promise<void> {
        await this.spawnChild(Keeper, { id: "first" });
        await this.spawnChild(Keeper, { id: "second" });
      }
    }
    const parent = await container.spawn(Parent);
    expect(2);
    await parent.close({ graceMs: 60_000 });
    assertEquals(missing, 0);
    for (const id of ["a", "b", "c"]) await container.spawn(Keeper, { id });
    expect(3);
    await container.close({ graceMs: 60_000 });
    assertEquals(missing, 0);
  },
);

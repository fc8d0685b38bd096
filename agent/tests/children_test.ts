import { assert, assertEquals, assertRejects } from "@std/assert";
import { withCtx } from "../../testing/ctx.ts";
import { Agent } from "../agent.ts";
import type { AgentOptions, FailurePolicy } from "../agent_options.ts";
import { fastForward } from "../clock/pace.ts";
import type { Container } from "../container.ts";
import { ContainerClosedError } from "../errors.ts";
import { until } from "../fixtures/until.ts";

/** The events, in order. */
type Log = string[];

/** An agent of a family, which logs its life. */
class Member extends Agent {
  readonly log: Log;
  constructor(container: Container, log: Log, options: AgentOptions = {}) {
    super(container, options);
    this.log = log;
    log.push(`make ${this.id}`);
  }
  protected override onClose(): void | Promise<void> {
    this.log.push(`close ${this.id}`);
  }
  adopt(id: string, onFailure?: FailurePolicy): Promise<Member> {
    return this.spawnChild(Member, this.log, { id, onFailure });
  }
  work(task: (signal: AbortSignal) => void | Promise<void>): void {
    this.run(task);
  }
  fail(message: string): void {
    this.run(() => Promise.reject(new Error(message)));
  }
}

/** A parent that makes two children when it starts. */
class Family extends Member {
  readonly #ofChildren: FailurePolicy;
  constructor(
    container: Container,
    log: Log,
    ofParent: FailurePolicy,
    ofChildren: FailurePolicy,
  ) {
    super(container, log, { id: "parent", onFailure: ofParent });
    this.#ofChildren = ofChildren;
  }
  protected override async onStart(): Promise<void> {
    await this.adopt("first", this.#ofChildren);
    await this.adopt("second", this.#ofChildren);
  }
}

/** Restarts without delay. */
const AT_ONCE = { backoff: { initialMs: 0, maxMs: 0 } };

const MADE = ["make parent", "make first", "make second"];
const CLOSED = ["close second", "close first", "close parent"];

function idsOf(container: Container): string[] {
  return [...container.agents.keys()].sort();
}

function memberOf(container: Container, id: string): Member {
  return container.agents.get(id) as Member;
}

withCtx(
  "children end with their parent, the newest first, before its onClose",
  async (ctx) => {
    const container = await ctx.createContainer();
    const log: Log = [];
    const parent = await container.spawn(Family, log, "report", "report");
    const grandchild = await memberOf(container, "first").adopt("grandchild");
    const other = await container.spawn(Member, log, { id: "other" });
    parent.work(async (signal) => {
      await new Promise((resolve) => signal.onabort = resolve);
      log.push("task of parent ended");
    });
    const gone = container.watch(grandchild.address);
    await parent.close();
    assertEquals(log, [
      ...MADE,
      "make grandchild",
      "make other",
      "task of parent ended",
      "close second",
      "close grandchild",
      "close first",
      "close parent",
    ]);
    assertEquals(idsOf(container), ["other"]);
    assertEquals(
      (await gone).message,
      `its parent '${
        memberOf(container, "other").address.replace("other", "first")
      }' was closed`,
    );
    await other.close();
  },
);

withCtx("a child ends alone, and its parent goes on", async (ctx) => {
  const container = await ctx.createContainer();
  const log: Log = [];
  const parent = await container.spawn(Member, log, { id: "parent" });
  const child = await parent.adopt("child");
  await child.close();
  assertEquals(idsOf(container), ["parent"]);
  await parent.adopt("child");
  await container.close();
  assertEquals(log.slice(-2), ["close child", "close parent"]);
});

withCtx("children have no more time than their parent", async (ctx) => {
  const container = await ctx.createContainer();
  class Endless extends Member {
    protected override onClose(): Promise<void> {
      return new Promise((resolve) => ends.push(resolve));
    }
  }
  class Parent extends Member {
    protected override async onStart(): Promise<void> {
      await this.spawnChild(Endless, this.log);
      await this.spawnChild(Endless, this.log);
    }
  }
  const ends: (() => void)[] = [];
  for (const graceMs of [0, 10]) {
    const parent = await container.spawn(Parent, []);
    const begin = performance.now();
    await parent.close({ graceMs });
    assert(performance.now() - begin < 900);
    assertEquals(container.stats().agents + container.stats().hiddenAgents, 0);
  }
  for (const end of ends) end();
});

withCtx("children of an agent that cannot start are closed", async (ctx) => {
  const container = await ctx.createContainer();
  const log: Log = [];
  class InHook extends Member {
    protected override async onStart(): Promise<void> {
      await this.adopt("child");
      throw new RangeError("cannot start");
    }
  }
  class InConstructor extends Member {
    constructor(container: Container, log: Log) {
      super(container, log);
      this.adopt("child").catch(() => {});
      throw new RangeError("cannot be made");
    }
  }
  for (const type of [InHook, InConstructor]) {
    await assertRejects(() => container.spawn(type, log), RangeError);
    assertEquals(container.stats().agents + container.stats().hiddenAgents, 0);
  }
});

withCtx("a closed agent spawns no child", async (ctx) => {
  const container = await ctx.createContainer();
  const parent = await container.spawn(Member, []);
  await parent.close();
  await assertRejects(
    () => parent.adopt("child"),
    ContainerClosedError,
    "Cannot spawn a child of Member",
  );
  assertEquals(container.stats().hiddenAgents, 0);
});

withCtx("a child that escalates is a failure of its parent", async (ctx) => {
  const reported: string[] = [];
  const container = await ctx.createContainer({
    onError: (error) => reported.push(String(error)),
  });
  const log: Log = [];
  // The parent continues without the child.
  const parent = await container.spawn(Family, log, "report", "escalate");
  memberOf(container, "first").fail("one");
  await until(() => log.includes("close first"));
  assertEquals(idsOf(container), ["parent", "second"]);
  await parent.close();
  assertEquals(reported, ["Error: one"]);

  // The whole family ends.
  await container.spawn(Family, log, "stop", "escalate");
  log.length = 0;
  memberOf(container, "second").fail("two");
  await until(() => log.includes("close parent"));
  assertEquals(log, CLOSED);
  assertEquals(reported, ["Error: one", "Error: two"]);
});

withCtx("a parent that restarts makes all its children again", async (ctx) => {
  const container = await ctx.createContainer({ onError: () => {} });
  const log: Log = [];
  await container.spawn(Family, log, AT_ONCE, "escalate");
  assertEquals(log, MADE);
  memberOf(container, "first").fail("out of luck");
  await until(() => log.length === 9 && container.agents.has("parent"));
  assertEquals(log.slice(3).toSorted(), [...CLOSED, ...MADE].toSorted());
  assertEquals(log.slice(6), MADE);
  assertEquals(idsOf(container), ["first", "parent", "second"]);
});

withCtx(
  "a failure that every parent escalates closes the container",
  async (ctx) => {
    const container = await ctx.createContainer({ onError: () => {} });
    await container.spawn(Family, [], "escalate", "escalate");
    memberOf(container, "second").fail("to the top");
    const reason = await container.closed;
    assertEquals(
      [reason.by, reason.code, String(reason.error)],
      ["error", "task-failed", "Error: to the top"],
    );
  },
);

withCtx(
  "a child that was restarted too often is a failure of its parent",
  async (ctx) => {
    const container = await ctx.createContainer({ onError: () => {} });
    const log: Log = [];
    const twice = { ...AT_ONCE, restarts: 2 };
    await container.spawn(Family, log, "stop", twice);
    const made = (count: number) =>
      until(() =>
        log.filter((it) => it === "make first").length === count &&
        container.agents.has("first")
      );
    for (const count of [1, 2, 3]) {
      await made(count);
      memberOf(container, "first").fail("again");
    }
    await until(() => log.includes("close parent"));
    assertEquals(idsOf(container), []);
  },
);

withCtx({
  name:
    "a child that waits for its restart ends with its parent, and leaves its id",
  transports: ["memory"],
  utcStart: "2024-01-01",
}, async (ctx) => {
  const reported: string[] = [];
  const container = await ctx.createContainer({
    onError: (error) => reported.push(String(error)),
  });
  const log: Log = [];
  const inAMinute = { backoff: { initialMs: 60_000, maxMs: 60_000 } };
  await container.spawn(Family, log, AT_ONCE, inAMinute);
  const parent = memberOf(container, "parent");
  memberOf(container, "first").fail("child");
  await until(() => log.includes("close first"));
  parent.fail("parent");
  await fastForward(ctx.clock, { until: 1_000 });
  // The new parent has made a child with this id, so the old child is not
  // restarted.
  assertEquals(log, [
    ...MADE,
    "close first",
    "close second",
    "close parent",
    ...MADE,
  ]);
  assertEquals(idsOf(container), ["first", "parent", "second"]);
  assertEquals(reported, ["Error: child", "Error: parent"]);
  // The new child is restarted, too.
  memberOf(container, "first").fail("again");
  await fastForward(ctx.clock, { until: 2_000 });
  assertEquals(log.slice(9), ["close first", "make first"]);
});

withCtx(
  "the id of a child that waits for its restart is free once its parent closes",
  async (ctx) => {
    const container = await ctx.createContainer({ onError: () => {} });
    const log: Log = [];
    const ever = { backoff: { initialMs: 1e9, maxMs: 1e9 } };
    const parent = await container.spawn(Family, log, "report", ever);
    memberOf(container, "first").fail("child");
    await until(() => log.includes("close first"));
    const other = { id: "first", onFailure: AT_ONCE };
    await assertRejects(
      () => container.spawn(Member, log, other),
      TypeError,
      "another agent has it",
    );
    parent.close({ graceMs: 0 });
    const first = await container.spawn(Member, log, other);
    log.length = 0;
    first.fail("again");
    await until(() => log.includes("make first"));
  },
);

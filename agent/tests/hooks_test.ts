import { assert, assertEquals } from "@std/assert";
import type { ErrorContext } from "../../channel/report.ts";
import { withCtx } from "../../testing/ctx.ts";
import { nextTurn } from "../../testing/fixtures/next_turn.ts";
import { Agent } from "../agent.ts";
import type { Container } from "../container.ts";
import { ExternalClock } from "../clock/external_clock.ts";
import type { FailurePolicy } from "../agent_options.ts";
import { until } from "../fixtures/until.ts";

/** An object that throws on every access. */
function untouchable(): object {
  const fail = () => {
    throw new RangeError("do not look");
  };
  return new Proxy({}, {
    get: fail,
    getPrototypeOf: fail,
    has: fail,
    ownKeys: fail,
  });
}

/** Errors that user code may make in hooks. */
const MISDEEDS: Readonly<Record<string, () => unknown>> = {
  "throws nothing": () => {
    throw undefined;
  },
  "throws what cannot be looked at": () => {
    throw untouchable();
  },
  "rejects with nothing": () => Promise.reject(null),
  "rejects with what cannot be looked at": () => Promise.reject(untouchable()),
  "returns what throws when it is awaited": () => ({
    get then() {
      throw new RangeError("no promise");
    },
  }),
};

for (const [what, misdeed] of Object.entries(MISDEEDS)) {
  withCtx(`an agent whose onClose ${what} is reported once`, async (ctx) => {
    class Sore extends Agent {
      protected override async onClose(): Promise<void> {
        await misdeed();
      }
    }
    const container = await ctx.createContainer();
    const agent = await container.spawn(Sore);
    await agent.close();
    assertEquals(ctx.takeHandlerErrors().length, 1);
    assertEquals(container.stats().hiddenAgents, 0);
  });

  withCtx(`an agent whose onStart ${what} does not start`, async (ctx) => {
    class Sore extends Agent {
      protected override async onStart(): Promise<void> {
        await misdeed();
      }
    }
    const container = await ctx.createContainer();
    const outcome = await container.spawn(Sore)
      .then(() => "spawned", () => "failed");
    assertEquals(outcome, "failed");
    new Sore(container);
    await until(() => container.stats().hiddenAgents === 0);
    assertEquals(ctx.takeHandlerErrors().length, 1);
  });

  for (const onFailure of ["report", "stop", "escalate"] as const) {
    withCtx(
      `a task that ${what} is dealt with by "${onFailure}"`,
      async (ctx) => {
        const container = await ctx.createContainer();
        const agent = await container.spawn(Tasked, onFailure);
        agent.begin(misdeed);
        const policies: Record<string, () => Promise<void> | void> = {
          report: () => agent.close(),
          stop: () => until(() => container.agents.size === 0),
          escalate: async () =>
            assertEquals((await container.closed).by, "error"),
        };
        await nextTurn();
        await policies[onFailure]!();
        assertEquals(ctx.takeHandlerErrors().length, 1);
      },
    );
  }

  withCtx(
    `a task that ${what} when its agent is closed is reported`,
    async (ctx) => {
      const container = await ctx.createContainer();
      const agent = await container.spawn(Tasked, "report");
      agent.begin(async (signal) => {
        await new Promise((resolve) =>
          signal.addEventListener("abort", resolve, { once: true })
        );
        await misdeed();
      });
      await agent.close();
      await container.close();
      assertEquals(ctx.takeHandlerErrors().length, 1);
    },
  );

  Deno.test(`a clock whose onError ${what} goes on`, async () => {
    const seen: ErrorContext[] = [];
    using clock = new ExternalClock("2024-01-01", {
      onError: (_error, context) => {
        seen.push(context);
        return misdeed() as void;
      },
    });
    clock.callIn(1, () => {
      throw new RangeError("callback");
    });
    let isWoken = false;
    clock.callIn(2, () => void (isWoken = true));
    clock.setTime(1);
    await nextTurn();
    clock.setTime(2);
    await nextTurn();
    assertEquals(seen.map(({ kind }) => kind), ["callback"]);
    assert(isWoken);
  });
}

class Tasked extends Agent {
  constructor(container: Container, onFailure: FailurePolicy) {
    super(container, { onFailure });
  }

  begin(task: (signal: AbortSignal) => unknown): void {
    this.run(task as () => Promise<void>);
  }
}

withCtx(
  "an onClose that fails too late is reported all the same",
  async (ctx) => {
    const late = Promise.withResolvers<void>();
    class Slow extends Agent {
      protected override onClose(): Promise<void> {
        return late.promise;
      }
    }
    const container = await ctx.createContainer();
    const agent = await container.spawn(Slow);
    await agent.close({ graceMs: 1 });
    assertEquals(ctx.takeHandlerErrors(), []);
    const failure = new RangeError("too late");
    late.reject(failure);
    await nextTurn();
    assertEquals(ctx.takeHandlerErrors(), [failure]);
  },
);

withCtx("a restart policy waits for as long as it says", async (ctx) => {
  const container = await ctx.createContainer();
  for (const maxMs of [2 ** 31, Infinity]) {
    const onFailure = { backoff: { initialMs: maxMs, maxMs } };
    const agent = await container.spawn(Tasked, onFailure);
    agent.begin(() => {
      throw new RangeError("again");
    });
    await until(() => container.agents.size === 0);
    for (let i = 0; i < 20; i++) await nextTurn();
    // If the wait had been cut to a shorter time, the agent would be back by
    // now.
    assertEquals(container.agents.size, 0);
    assertEquals(ctx.takeHandlerErrors().length, 1);
  }
  await container.close();
});

withCtx("connect retries for as long as it is told", async (ctx) => {
  const [here, there] = [
    await ctx.createContainer(),
    await ctx.createContainer(),
  ];
  class Late extends Agent {
    constructor(container: Container) {
      super(container, { id: "late" });
    }
  }
  for (const retryForMs of [2 ** 31, Infinity]) {
    const requests = there.stats().requests;
    const connecting = here.connect(`${there.address}/late`, { retryForMs });
    await until(() => there.stats().requests > requests + 1);
    const agent = await there.spawn(Late);
    await connecting;
    await agent.close();
  }
});

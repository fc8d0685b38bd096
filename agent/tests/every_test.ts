import { assertEquals, assertThrows } from "@std/assert";
import { withCtx } from "../../testing/ctx.ts";
import { Agent } from "../agent.ts";
import type { FailurePolicy } from "../agent_options.ts";
import { fastForward } from "../clock/pace.ts";
import type { Container } from "../container.ts";

/** Does something every 10 s, and logs the time. */
class Metronome extends Agent {
  constructor(
    container: Container,
    log: number[],
    work: (agent: Metronome) => void | Promise<void>,
    onFailure: FailurePolicy = "report",
  ) {
    super(container, { onFailure });
    this.every(10, async () => {
      log.push(container.clock.time());
      await work(this);
    });
  }
  tryEvery(seconds: number): void {
    this.every(seconds, () => {});
  }
}

const SIMULATED = { transports: ["memory"], utcStart: "2024-01-01" } as const;

withCtx(
  { ...SIMULATED, name: "every runs a task at each of its times, to the end" },
  async (ctx) => {
    const container = await ctx.createContainer();
    const log: number[] = [];
    await fastForward(ctx.clock, { until: 3 });
    const agent = await container.spawn(Metronome, log, () => {});
    await fastForward(ctx.clock, { until: 43 });
    await agent.close();
    await fastForward(ctx.clock, { until: 100 });
    assertEquals(log, [13, 23, 33, 43]);
    for (const wrong of [0, -1, NaN, Infinity]) {
      assertThrows(() => agent.tryEvery(wrong), RangeError);
    }
  },
);

withCtx(
  { ...SIMULATED, name: "every leaves out what falls due while its task runs" },
  async (ctx) => {
    const container = await ctx.createContainer();
    const log: number[] = [];
    const { clock } = ctx;
    await container.spawn(
      Metronome,
      log,
      (it) => log.length === 2 ? clock.sleep(20, it) : clock.sleep(1, it),
    );
    await fastForward(clock, { until: 65 });
    assertEquals(log, [10, 20, 50, 60]);
  },
);

withCtx(
  { ...SIMULATED, name: "every goes on after an error that is only reported" },
  async (ctx) => {
    const container = await ctx.createContainer();
    const fails = () => {
      throw new Error("out of tune");
    };
    const logs: number[][] = [[], []];
    await container.spawn(Metronome, logs[0]!, fails);
    await container.spawn(Metronome, logs[1]!, fails, "stop");
    await fastForward(ctx.clock, { until: 30 });
    assertEquals(logs, [[10, 20, 30], [10]]);
    assertEquals(ctx.takeHandlerErrors().length, 4);
  },
);

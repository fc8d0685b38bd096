import { assert, assertEquals } from "@std/assert";
import { QueueFullError, ServerBusyError } from "../../channel/errors.ts";
import { call } from "../../rpc/call.ts";
import { expose } from "../../rpc/service/expose.ts";
import { withCtx } from "../../testing/ctx.ts";
import { Agent } from "../agent.ts";
import type { AgentOptions } from "../agent_options.ts";
import type { Container } from "../container.ts";
import { aborted } from "../fixtures/until.ts";

class Slow extends Agent {
  constructor(container: Container, options: AgentOptions = {}) {
    super(container, options);
  }

  @expose
  async work(): Promise<void> {
    await aborted(call().signal);
  }

  @expose
  quick(): number {
    return 1;
  }
}

withCtx(
  "an agent's flood does not keep others from being called",
  async (ctx) => {
    for (const concurrent of [false, true]) {
      const there = await ctx.createContainer({ concurrent });
      const here = await ctx.createContainer({
        limits: { requests: { maxPending: 64 } },
      });
      const slow = await here.connect<Slow>(
        (await there.spawn(Slow, { mailbox: 8 })).address,
      );
      const other = await here.connect<Slow>((await there.spawn(Slow)).address);
      const flood = Array.from({ length: 100 }, () => slow.work());
      const settled = Promise.allSettled(flood);
      // Before the flood is answered, and after.
      for (let i = 0; i < 5; i++) assertEquals(await other.quick(), 1);
      await there.close({ graceMs: 0 });
      const errors = (await settled).map((it) =>
        (it as PromiseRejectedResult).reason
      );
      assertEquals(
        errors.filter((it) => it instanceof QueueFullError).length,
        52,
      );
      const isBusy = errors.some((it) => it instanceof ServerBusyError);
      assert(isBusy !== concurrent);
    }
  },
);

import { assert, assertEquals } from "@std/assert";
import { RemoteError } from "../../channel/errors.ts";
import { DeadlockError } from "../../rpc/errors.ts";
import { expose } from "../../rpc/service/expose.ts";
import { withCtx } from "../../testing/ctx.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import { Agent } from "../agent.ts";
import { fastForward } from "../clock/pace.ts";
import { until } from "../fixtures/until.ts";

/** The methods that friends call on each other. */
interface Friend {
  hear(): Promise<string>;
}

class Person extends Agent {
  friend: Friend | null = null;
  isGreeting = false;
  error: unknown = null;

  /** Greets the friend once all of `crowd` greet theirs. */
  greet(crowd: readonly Person[]): () => Promise<string> {
    return async () => {
      this.isGreeting = true;
      await until(() => crowd.every((it) => it.isGreeting));
      try {
        return await this.friend!.hear();
      } catch (error) {
        this.error = error;
        throw error;
      }
    };
  }

  @expose
  async begin(greet: () => string | Promise<string>): Promise<string> {
    return await greet();
  }

  @expose
  hear(): string {
    return this.id;
  }

  @expose
  async doze(): Promise<void> {
    await this.container.clock.sleep(3_600);
  }

  @expose
  async wake(): Promise<string> {
    return await this.friend!.hear();
  }
}

/** Makes agents in a ring, each with the next one as its friend. */
async function ring(ctx: Ctx, count: number) {
  const container = await ctx.createContainer();
  const people: Person[] = [];
  for (let i = 0; i < count; i++) people.push(await container.spawn(Person));
  for (const [i, person] of people.entries()) {
    const next = people[(i + 1) % count]!;
    person.friend = await container.connect<Person>(next.address);
  }
  return { container, people };
}

for (const count of [2, 3]) {
  withCtx(
    `${count} agents that wait for each other are told so`,
    async (ctx) => {
      const { container, people } = await ring(ctx, count);
      const results = await Promise.allSettled(people.map(async (it) => {
        const proxy = await container.connect<Person>(it.address);
        return await proxy.begin(it.greet(people));
      }));
      const failed = results.filter((it) => it.status === "rejected");
      assertEquals(failed.length, 1);
      assert(failed[0]!.reason instanceof RemoteError);
      const errors = people.map((it) => it.error).filter((it) => it !== null);
      assert(errors.length === 1 && errors[0] instanceof DeadlockError);
      assertEquals(container.stats().waitingCalls, 0);
    },
  );
}

withCtx(
  {
    name: "an agent that waits for long is in no deadlock",
    utcStart: "2024-01-01",
  },
  async (ctx) => {
    const { container, people } = await ring(ctx, 2);
    const [a, b] = people;
    const [first, second] = [
      await container.connect<Person>(a!.address),
      await container.connect<Person>(b!.address),
    ];
    const dozing = second.doze();
    const waking = first.wake();
    await until(() => container.stats().waitingCalls === 1);
    await fastForward(ctx.clock, { until: 7_200 });
    await dozing;
    assertEquals(await waking, b!.id);
  },
);

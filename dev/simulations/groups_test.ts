import { Agent, type Container } from "@denomas/denomas/agent";
import { expose } from "@denomas/denomas/rpc";
import { simulate } from "@denomas/denomas/testing";
import { CHAOS, UNTIL_MS } from "./_chaos.ts";

/** The number of seeds; `deno task simulate` runs more. */
const SEEDS = 5;

const OPTIONS = { heartbeatMs: 2_000, onError: () => {} };

/** Records the state of the members outside the nodes, which may crash. */
class World {
  /** The live members by address, with the last message that each has heard. */
  readonly heard = new Map<string, Map<string, number>>();
  problem: string | null = null;
  isOver = false;
  answers = 0;
  messages = 0;
  /** Whether the last question was answered by exactly the live members. */
  isWhole = false;

  forget(node: string): void {
    for (const address of this.heard.keys()) {
      if (address.startsWith(`local://${node}/`)) this.heard.delete(address);
    }
  }

  /** Checks that messages of one sender arrive in order, and at most once. */
  hear(member: string, sender: string, number: number): void {
    const heard = this.heard.get(member);
    if (heard === undefined) {
      this.problem ??= `'${member}' hears ${number} after it has left`;
      return;
    }
    const last = heard.get(sender) ?? 0;
    if (number <= last) {
      this.problem ??=
        `'${member}' hears ${number} of '${sender}' after ${last}`;
    }
    heard.set(sender, number);
    this.messages++;
  }
}

class Member extends Agent {
  readonly #world: World;

  constructor(container: Container, world: World) {
    super(container);
    this.#world = world;
    world.heard.set(this.address, new Map());
  }

  @expose
  hear(sender: string, number: number): void {
    this.#world.hear(this.address, sender, number);
  }

  @expose
  where(question: string): string {
    return `${question} ${this.address}`;
  }
}

simulate("a group has its members, and each hears each message once", {
  seeds: SEEDS,
  untilMs: UNTIL_MS,
  chaos: CHAOS,
}, async (sim) => {
  const world = new World();
  const home = await sim.node("home", async (node) => {
    return (await node.createContainer(OPTIONS)).address;
  });
  for (const name of ["x", "y", "z"]) {
    sim.node(name, async (node) => {
      world.forget(name);
      const container = await node.createContainer(OPTIONS);
      const group = container.group<Member>("choir", { home });
      const join = async () => {
        const member = await container.spawn(Member, world);
        // The home may be unavailable; a member that has joined stays by
        // itself.
        while (!await group.join(member).then(() => true, () => false)) {
          await node.sleep(500);
        }
        return member;
      };
      const resident = await join();
      for (;;) {
        const visitor = await join();
        await node.sleep(node.between(2_000, 20_000));
        if (world.isOver) break;
        await visitor.close();
        world.heard.delete(visitor.address);
      }
      resident.signal.throwIfAborted();
    });
  }
  for (const name of ["a", "b"]) {
    sim.node(name, async (node) => {
      const container = await node.createContainer(OPTIONS);
      const group = container.group<Member>("choir", { home });
      const sender = `${name} ${node.restarts}`;
      for (let number = 1;; number++) {
        group.notify.hear(sender, number);
        const question = `${sender} ${number}`;
        const asked = [...world.heard.keys()].sort().join();
        const answers = await group.ask({ within: 10 }).where(question)
          .catch(() => []);
        for (const { member, value } of answers) {
          if (value === undefined) continue;
          world.answers++;
          if (value === `${question} ${member}`) continue;
          world.problem ??= `'${member}' answers '${value}' to '${question}'`;
        }
        const members = answers.map(({ member }) => member).sort();
        if (new Set(members).size < members.length) {
          world.problem ??= `A member is asked twice: ${members}`;
        }
        world.isWhole = answers.every(({ error }) => error === undefined) &&
          members.join() === asked;
        await node.sleep(node.between(200, 2_000));
      }
    });
  }
  sim.always("each member hears in order, and answers for itself", () => {
    if (world.problem !== null) throw new Error(world.problem);
    return true;
  });
  sim.sometimes("many messages arrive", () => world.messages > 100);
  sim.sometimes("many questions are answered", () => world.answers > 50);
  await sim.run();
  world.isOver = true;
  world.isWhole = false;
  sim.eventually(
    "all that live are members, and answer",
    () => world.heard.size === 6 && world.isWhole,
  );
  await sim.calm({ forMs: 100_000 });
});

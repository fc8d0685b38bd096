import { Agent } from "../../../agent/agent.ts";
import type { Container } from "../../../agent/container.ts";
import { Directory } from "../../../agent/directory/directory.ts";
import { findDirectory } from "../../../agent/directory/find.ts";
import { expose } from "../../../rpc/expose.ts";
import type { Ctx } from "../../../testing/ctx_contract.ts";
import { Bank, bankPlans, guard } from "./bank.ts";
import type { Effects } from "./effects.ts";
import type { Plan } from "./messages.ts";
import { expectSame, heldIn, type Target } from "./target.ts";

/** The service of a bank, as an agent. */
export class Teller extends Agent {
  @expose
  readonly desk: Bank;

  /** Makes the one of a container. */
  constructor(container: Container, effects: Effects) {
    super(container, { id: "bank" });
    this.desk = new Bank(effects);
  }
}

class Vault extends Agent {
  readonly #effects: Effects;

  constructor(container: Container, effects: Effects) {
    super(container, { id: "vault" });
    this.#effects = effects;
  }

  /** Refused by the middleware. */
  @expose
  open(): string {
    this.#effects.breach("'open' of another agent ran");
    return this.#effects.secret;
  }
}

/** Agents, of which nobody may call one. */
export async function makeAgents(
  ctx: Ctx,
  effects: Effects,
  addresses: readonly string[],
): Promise<Target> {
  const container = await ctx.createContainer({
    middleware: { requests: [guard] },
    timeoutMs: 2_000,
  });
  const near = await ctx.createContainer();
  const bank = await container.spawn(Teller, effects);
  const vault = await container.spawn(Vault, effects);
  const proxy = await near.connect<Teller>(bank.address);
  const watch: Plan[] = ["validate_aid", "watch_aid"].map((path) => [
    path,
    (lies) => [lies.chance(0.3) ? lies.pick("bank", "vault") : lies.name()],
  ]);
  return {
    address: container.address,
    prey: {
      typeId: 1,
      plans: [...bankPlans("agents/bank/desk/"), ...watch],
      forbidden: [
        "agents/vault/open",
        "agents/vault",
        "agents/bank/desk/open",
        "agents/bank/desk/admin/shutdown",
        "agents/bank/close",
      ],
      addresses: [bank.address, vault.address, ...addresses],
    },
    check: async () => expectSame(await proxy.desk.echo("hi"), "hi"),
    connections: () => container.stats().clients - 1,
    held: () => {
      const { watches } = container.stats();
      return { ...heldIn(container.stats()), watches };
    },
  };
}

/** A directory, with an honest agent in it. */
export async function makeDirectory(
  ctx: Ctx,
  _effects: Effects,
  addresses: readonly string[],
): Promise<Target> {
  const container = await ctx.createContainer({ timeoutMs: 2_000 });
  const near = await ctx.createContainer();
  const { address } = await container.spawn(Directory);
  const honest = await near.spawn(Agent);
  const directory = await findDirectory(near, address);
  await directory.register(honest, { type: "honest" });
  const plan = (path: string, args: Plan[1]): Plan => [
    `agents/directory/${path}`,
    args,
  ];
  return {
    address: container.address,
    prey: {
      typeId: 1,
      plans: [
        plan("lookUp", (lies) => [query(lies)]),
        plan("register", (lies) => [{
          type: lies.pick<unknown>("x", "honest", lies.text(), lies.trap()),
          address: lies.chance(0.9) ? lies.address() : lies.value(),
          ...(lies.chance(0.5) && { properties: lies.map(2) }),
          ...(lies.chance(0.5) && { key: keyOf(lies) }),
        }]),
        plan("deregister", (lies) => [keyOf(lies)]),
        plan("hold", (lies) => [keyOf(lies)]),
        plan("subscribe", (lies) => [query(lies)]),
        plan("stats", () => []),
        ["validate_aid", (lies) => [lies.name()]],
      ],
      forbidden: ["agents/directory/close", "agents/directory/limits"],
      addresses: [honest.address, `${container.address}/ghost`, ...addresses],
    },
    check: async () => {
      // Nobody keeps an honest agent out, takes its entry away or adds others.
      const again = await directory.register(honest, { type: "again" });
      await again.close();
      const entries = await directory.lookUp();
      const own = entries.filter((it) => it.address === honest.address);
      expectSame(own.map(({ type }) => type).join(), "honest");
    },
    connections: () => container.stats().clients - 1,
    held: () => heldIn(container.stats()),
  };
}

function query(lies: Parameters<Plan[1]>[0]): unknown {
  return lies.pick<unknown>(
    {},
    { type: lies.text() },
    { match: lies.map(2), limit: lies.number() },
    { after: lies.value(1) },
    lies.value(),
  );
}

function keyOf(lies: Parameters<Plan[1]>[0]): unknown {
  return lies.chance(0.7)
    ? `key of ${lies.integer(0, 9)} `.repeat(2)
    : lies.value();
}

import { Agent } from "../../agent/agent.ts";
import type { Container } from "../../agent/container.ts";
import type { Channel } from "../../channel/channel.ts";
import { Directory } from "../../directory/directory.ts";
import { findDirectory } from "../../directory/find.ts";
import { AuthenticationError } from "../../rpc/errors.ts";
import { expose } from "../../rpc/expose.ts";
import { service } from "../../rpc/service.ts";
import { nextTurn } from "../../testing/_within.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import { Bank, bankPlans, guard } from "./bank.ts";
import type { Effects } from "./effects.ts";
import type { Plan } from "./messages.ts";
import type { Prey } from "./peer.ts";

/** A live server under attack, and an honest client of it. */
export interface Target {
  readonly address: string;
  readonly prey: Prey;
  /** Calls as an honest client; fails if that is not served as before. */
  readonly check: () => Promise<void>;
  /** Connections beside that of the honest client. */
  readonly connections: () => number;
  /** What the server holds, which must be nothing once its peers have left. */
  readonly held: () => Readonly<Record<string, number>>;
}

/** What makes a target; hostile agents listen at `addresses`. */
type MakeTarget = (
  ctx: Ctx,
  effects: Effects,
  addresses: readonly string[],
) => Promise<Target>;

/** Servers of each layer. */
export const TARGETS = {
  channel: makeChannel,
  RPC: makeRpc,
  admission: makeAdmission,
  agent: makeAgents,
  directory: makeDirectory,
} satisfies Record<string, MakeTarget>;

/** The name of one of {@linkcode TARGETS}. */
export type TargetName = keyof typeof TARGETS;

const HELD = [
  "pendingCalls",
  "waitingCalls",
  "unansweredRequests",
  "unansweredBytes",
  "heldBytes",
  "unreadRequests",
  "queuedBytes",
];

function heldIn(stats: object): Record<string, number> {
  return Object.fromEntries(
    Object.entries(stats).filter(([name]) => HELD.includes(name)),
  );
}

function expectSame(actual: unknown, wanted: unknown): void {
  if (actual === wanted) return;
  throw new Error(`an honest client got ${Deno.inspect(actual)}`);
}

async function makeChannel(ctx: Ctx, effects: Effects): Promise<Target> {
  const server = await ctx.startServer((channel) => answer(channel, effects));
  const honest = await ctx.connect();
  return {
    address: server.address,
    prey: {
      typeId: null,
      plans: [["echo", (lies) => [lies.value()]]],
      forbidden: ["$/hello"],
      addresses: [],
    },
    check: async () => expectSame(await honest.send("hi"), "hi"),
    connections: () => server.channels.size - 1,
    held: () => heldIn(server.stats()),
  };
}

/** Answers with what was sent, and with a question of its own. */
async function answer(channel: Channel, effects: Effects): Promise<void> {
  for await (const request of channel) {
    const { content } = request;
    if (content !== "hi") {
      channel.send(["ask"], { timeoutMs: 500 }).then(
        (reply) => reply,
        (error: Error) => effects.printed(error.message),
      );
    }
    // JSON reads numbers that are too large, as infinite, and writes none.
    await request.reply(content).catch(() => {});
  }
}

async function makeRpc(ctx: Ctx, effects: Effects): Promise<Target> {
  const server = await ctx.rpc.startServer(new Bank(effects), {
    serving: [guard],
    timeoutMs: 2_000,
    sendStacks: false,
  });
  const { remote } = await ctx.rpc.connect<Bank>();
  return {
    address: server.address,
    prey: {
      typeId: 0,
      plans: bankPlans(),
      forbidden: ["open", "admin/shutdown", "hidden", "secret"],
      addresses: [],
    },
    check: async () => expectSame(await remote.echo("hi"), "hi"),
    connections: () => server.clients.size - 1,
    held: () => heldIn(server.stats()),
  };
}

/** Nothing of what hostile peers ask for may run: they know no password. */
async function makeAdmission(ctx: Ctx, effects: Effects): Promise<Target> {
  const credentials = effects.secret;
  class Passport {
    constructor(readonly text: string) {}
  }
  const serializers = [{
    type: Passport,
    serialize: ({ text }: Passport) => text,
    deserialize: (data: unknown) => {
      effects.breach("a deserializer ran for a stranger");
      return new Passport(String(data));
    },
  }];
  const ran = (what: string) => () => effects.breach(`'${what}' ran`);
  const guarded = service({
    echo: ran("echo"),
    vault: service({ open: ran("vault/open") }),
    honest: (text: string) => text,
  });
  const server = await ctx.rpc.startServer(guarded, {
    authenticate: async (shown) => {
      await nextTurn();
      if (shown !== credentials) throw new AuthenticationError("Unknown");
      return "honest";
    },
    authenticateMs: 1_000,
    onConnect: ({ identity }) => {
      if (identity !== "honest") effects.breach("'onConnect' ran");
    },
    serving: [(call, next) => {
      if (call.identity !== "honest") effects.breach("middleware ran");
      return next();
    }],
    serializers,
  });
  const { remote } = await ctx.rpc.connect<typeof guarded>({
    credentials,
    serializers,
  });
  return {
    address: server.address,
    prey: {
      typeId: 1,
      plans: [
        ["echo", (lies) => [{ __type__: [0, lies.text()] }]],
        ["vault/open", (lies) => [lies.value()]],
        ["$/ping", () => []],
        ["$/hello", (lies) => [{ version: 1, credentials: lies.trap() }]],
      ],
      forbidden: ["vault/open", "$/idempotent"],
      addresses: [],
    },
    check: async () => expectSame(await remote.honest("hi"), "hi"),
    connections: () => server.stats().channels - 1,
    held: () => heldIn(server.stats()),
  };
}

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

async function makeAgents(
  ctx: Ctx,
  effects: Effects,
  addresses: readonly string[],
): Promise<Target> {
  const container = await ctx.createContainer({
    serving: [guard],
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

async function makeDirectory(
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

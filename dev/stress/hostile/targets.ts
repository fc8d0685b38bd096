import type { Channel } from "../../../channel/channel.ts";
import { AuthenticationError } from "../../../rpc/errors.ts";
import { service } from "../../../rpc/service.ts";
import type { Ctx } from "../../../testing/ctx_contract.ts";
import { nextTurn } from "../../../testing/step/_within.ts";
import { makeAgents, makeDirectory } from "./agent_targets.ts";
import { Bank, bankPlans, guard } from "./bank.ts";
import type { Effects } from "./effects.ts";
import { expectSame, heldIn, type MakeTarget, type Target } from "./target.ts";

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
    middleware: { requests: [guard] },
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
    middleware: {
      requests: [(call, next) => {
        if (call.identity !== "honest") effects.breach("middleware ran");
        return next();
      }],
    },
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

import { Agent } from "../../agent/agent.ts";
import type { Channel } from "../../channel/channel.ts";
import { attack } from "../../channel/fixtures/attack.ts";
import { mutate } from "../../channel/fixtures/random.ts";
import { expose } from "../../rpc/expose.ts";
import { service } from "../../rpc/service.ts";
import { randomInteger } from "../../testing/network/_random.ts";
import { nextTurn } from "../../testing/step/_within.ts";
import { encodeFrame } from "../../transports/frames/frame.ts";
import { checkHandlerErrors } from "./_checks.ts";
import { encodeBytes } from "./fuzz.ts";
import type { TrialWorld } from "./_trial.ts";
import { isFinite, randomMessage } from "./_values.ts";

/** A live server, and somebody who uses it as it should be. */
interface Target {
  readonly address: string;
  /** Fails if the server does not serve as before. */
  readonly check: () => Promise<void>;
  /** Connections that are open, beside those of who checks. */
  readonly open: () => number;
}

class Point extends Agent {
  @expose
  ping(): string {
    return "pong";
  }
}

/** Sends nearly right messages, and mutated ones, to servers of one layer. */
export async function fuzzServer(
  layer: keyof typeof TARGETS,
  world: TrialWorld,
): Promise<void> {
  const { ctx, random, counters, until } = world;
  const target = await TARGETS[layer](world);
  await target.check();
  while (performance.now() < until) {
    for (let times = 0; times < 10; times++) {
      const frames = Array.from({ length: randomInteger(random, 1, 8) }, () => {
        const right = encodeBytes(ctx.options.codec, randomMessage(random));
        const payload = random() < 0.4 ? mutate(right, random) : right;
        const frame = encodeFrame(payload.length > 0 ? payload : right);
        const isSocket = ctx.transport !== "memory";
        return isSocket && random() < 0.05 ? mutate(frame, random) : frame;
      });
      counters.add(`input: frames to ${layer} servers`, frames.length);
      await attack(target.address, frames);
    }
    await target.check();
    checkHandlerErrors(world);
  }
  for (let turn = 0; turn < 1_000 && target.open() > 0; turn++) {
    await nextTurn();
  }
  if (target.open() > 0) {
    counters.breach(
      `${world.name}: ${target.open()} connections were left open`,
    );
  }
  checkHandlerErrors(world);
}

const TARGETS = {
  channel: async ({ ctx }: TrialWorld): Promise<Target> => {
    const server = await ctx.startServer(echoFinite);
    const channel = await ctx.connect();
    return {
      address: server.address,
      check: async () => expectSame(await channel.send("hi"), "hi"),
      open: () => server.channels.size - 1,
    };
  },
  RPC: async ({ ctx }: TrialWorld): Promise<Target> => {
    const served = service({
      a: () => "pong",
      sub: service({ add: (...args: unknown[]) => args.length }),
    });
    const server = await ctx.rpc.startServer(served);
    const { remote } = await ctx.rpc.connect<typeof served>();
    return {
      address: server.address,
      check: async () => expectSame(await remote.a(), "pong"),
      open: () => server.clients.size - 1,
    };
  },
  agent: async ({ ctx }: TrialWorld): Promise<Target> => {
    const [container, near] = [
      await ctx.createContainer(),
      await ctx.createContainer(),
    ];
    const { address } = await container.spawn(Point);
    const proxy = await near.connect<Point>(address);
    return {
      address: container.address,
      check: async () => expectSame(await proxy.ping(), "pong"),
      open: () => container.stats().clients - 1,
    };
  },
};

/** JSON reads numbers that are too large, as infinite, and writes none. */
async function echoFinite(channel: Channel): Promise<void> {
  for await (const request of channel) {
    const { content } = request;
    await request.reply(isFinite(content) ? content : null);
  }
}

function expectSame(actual: unknown, wanted: unknown): void {
  if (actual === wanted) return;
  throw new Error(`a bystander got ${Deno.inspect(actual)}`);
}

import { assertEquals } from "@std/assert";
import { Agent } from "../../../agent/agent.ts";
import { msgpack } from "./msgpack.ts";
import { expose } from "../../../rpc/service/expose.ts";
import { withCtx } from "../../../testing/fixtures/everywhere.ts";
import { echo } from "../../../testing/fixtures/handlers.ts";
import { calculator, ticker } from "../../../testing/fixtures/services.ts";

const codecs = [msgpack()] as const;
const VALUES = [
  { text: "grüße 🎈", list: [1, -1, 2.5, 2 ** 40, 2n ** 63n, null, true] },
  new Uint8Array([0, 255]),
  new Uint8Array(1 << 20).fill(7),
  "x".repeat(100_000),
];

withCtx({ name: "msgpack carries values on channels", codecs }, async (ctx) => {
  const channel = await ctx.startServerAndConnect(echo);
  const replies = VALUES.map((value) => channel.send(value));
  assertEquals(await Promise.all(replies), VALUES);
});

withCtx(
  { name: "msgpack carries RPC and streams", codecs },
  async (ctx) => {
    const { remote } = await ctx.rpc.startServerAndConnect(calculator);
    assertEquals(
      await Promise.all(VALUES.map((it) => remote.echo(it))),
      VALUES,
    );
    const ticks = await ctx.rpc.startServerAndConnect(ticker);
    assertEquals(await Array.fromAsync(await ticks.remote.three()), [1, 2, 3]);
  },
);

class Keeper extends Agent {
  @expose
  keep(value: unknown): unknown {
    return [value];
  }
}

withCtx(
  { name: "msgpack carries calls of agents", codecs },
  async (ctx) => {
    const [here, there] = [
      await ctx.createContainer(),
      await ctx.createContainer(),
    ];
    const { address } = await there.spawn(Keeper);
    const keeper = await here.connect<Keeper>(address);
    for (const value of VALUES) assertEquals(await keeper.keep(value), [value]);
    const day = new Date(86_400_000);
    assertEquals(await keeper.keep(day), [day]);
  },
);

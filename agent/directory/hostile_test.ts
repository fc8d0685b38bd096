import { assertEquals } from "@std/assert";
import { Agent } from "../agent.ts";
import { json } from "../../channel/codecs/json/json.ts";
import { msgpack } from "../../channel/codecs/msgpack/msgpack.ts";
import { WirePeer } from "../../channel/fixtures/wire_peer.ts";
import { attackServer } from "../../dev/fixtures/hostile/attack.ts";
import { testBriefly } from "../../dev/fixtures/hostile/brief_attack.ts";
import { withCtx } from "../../testing/ctx.ts";
import type { CtxOptions } from "../../testing/ctx_contract.ts";
import { Directory } from "./directory.ts";
import { findDirectory } from "./client.ts";

testBriefly(
  "hostile peers of a directory have no effect",
  (ctx, options) => attackServer("directory", ctx, options),
);

/** All transports, each with a text codec and a binary codec. */
const EVERYWHERE: Pick<CtxOptions, "transports" | "codecs"> = {
  transports: ["tcp", "unix", "memory", "tls"],
  codecs: [json(), msgpack()],
};

const REGISTER = "agents/directory/register";

withCtx(
  {
    name: "nobody registers an agent of others, nor keeps it out",
    ...EVERYWHERE,
  },
  async (ctx) => {
    const container = await ctx.createContainer();
    const { address } = await container.spawn(Directory);
    const near = await ctx.createContainer();
    const agent = await near.spawn(Agent);
    using stranger = await WirePeer.open(container.address, ctx.options);
    for (let count = 0; count < 70; count++) {
      const entry = { type: "fake", address: agent.address };
      assertEquals((await stranger.call(REGISTER, entry))![0], 2);
    }
    await using directory = await findDirectory(near, address);
    await directory.register(agent, { type: "honest" });
    const entries = await directory.lookUp();
    assertEquals(entries.map(({ type }) => type), ["honest"]);
  },
);

withCtx(
  { name: "ghosts do not fill a directory", ...EVERYWHERE },
  async (ctx) => {
    const container = await ctx.createContainer();
    await container.spawn(Directory);
    using stranger = await WirePeer.open(container.address, ctx.options);
    for (let count = 0; count < 2_000; count++) {
      const address = `${container.address}/ghost${count}`;
      stranger.request([REGISTER, [{ type: "ghost", address }], {}]);
    }
    const answer = await stranger.call("agents/directory/stats");
    assertEquals(answer![1], { entries: 0, subscribers: 0 });
  },
);

withCtx(
  { name: "an agent that lies to its directory harms itself", ...EVERYWHERE },
  async (ctx) => {
    const container = await ctx.createContainer({ timeoutMs: 1_000 });
    await container.spawn(Directory);
    const lies = [
      { then: { __type__: [1, "$/ref/0"] } },
      { __type__: [1, "$/ref/0"] },
      "\x1b[31m",
      5,
      [],
    ];
    let next = 0;
    await using liar = await WirePeer.listen(
      ctx,
      (it) => it.answer(() => lies[next++ % lies.length]),
    );
    using peer = await WirePeer.open(container.address, ctx.options);
    for (const [id] of lies.entries()) {
      const entry = { type: "liar", address: `${liar.address}/${id}` };
      await peer.call(REGISTER, entry);
    }
    assertEquals((await peer.call("agents/directory/lookUp"))![0], 1);
  },
);

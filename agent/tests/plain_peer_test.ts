import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Channel } from "../../channel/channel.ts";
import { codecs } from "../../channel/fixtures/codecs.ts";
import { openRaw } from "../../channel/fixtures/raw_peer.ts";
import { openConnection } from "../../channel/deno.ts";
import { openConnectionWith } from "../../channel/open.ts";
import { RemoteError } from "../../channel/errors.ts";
import { AgentNotFoundError } from "../../rpc/errors.ts";
import { sessionStarter } from "../../rpc/internal.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import { withCtx } from "../../testing/ctx.ts";
import { nextTurn } from "../../testing/fixtures/next_turn.ts";
import { Agent } from "../agent.ts";
import { expose } from "../../rpc/service/expose.ts";
import { withTransports } from "../../transports/defaults.ts";
import { Cat } from "../fixtures/cat.ts";
import { until } from "../fixtures/until.ts";
import { Link } from "../links/_link.ts";

// Judging by their frames, the peers here are containers of aiomas: they
// support no extensions, nor anything that denomas adds to a container.

class A extends Agent {
  @expose
  me(): string {
    return `I am ${this.id}`;
  }
}

withCtx(
  "a container answers the handshake of aiomas byte by byte",
  async (ctx) => {
    const container = await ctx.createContainer();
    await container.spawn(A);
    using peer = await openRaw(container.address);
    for (
      const [request, reply] of [
        ['[0, 0, ["validate_aid", ["0"], {}]]', '[1,0,"A"]'],
        ['[0, 1, ["agents/0/me", [], {}]]', '[1,1,"I am 0"]'],
        ['[0, 2, ["validate_aid", ["1"], {}]]', "[1,2,null]"],
        ['[0, 3, ["validate_aid", [["0"]], {}]]', "[1,3,null]"],
      ] as const
    ) {
      peer.send(request);
      assertEquals(await peer.receive(), reply);
    }
    peer.send('[0, 4, ["agents/1/me", [], {}]]');
    assertEquals(
      await peer.receive(),
      `[2,4,"AgentNotFoundError: Cannot find agent '1': it does not exist here, or not any more\\n"]`,
    );
    for (
      const path of [
        "agents/get",
        "agents/0/close",
        "agents/0/container",
        "agents",
      ]
    ) {
      peer.send(JSON.stringify([0, 5, [path, ["0"], {}]]));
      const reply = await peer.receive();
      assert(reply!.startsWith('[2,5,"MethodNotFoundError'), reply!);
    }
  },
);

withCtx(
  "a container that connects sends the handshake of aiomas",
  async (ctx) => {
    const container = await ctx.createContainer();
    const seen: unknown[] = [];
    const server = await ctx.startServer(async (channel) => {
      for await (const request of channel) {
        const [path] = request.content as [string];
        if (path === "$/hello") {
          await request.fail("LookupError: $/hello\n");
          continue;
        }
        seen.push([request.id, request.content]);
        await request.reply(path === "validate_aid" ? "A" : "I am 0");
      }
    });
    const proxy = await container.connect<A>(`${server.address}/0`);
    assertEquals(String(proxy), `AProxy('${server.address}/0')`);
    assertEquals(await proxy.me(), "I am 0");
    // The hello has its own request number, in the same write.
    assertEquals(seen, [
      [1, ["validate_aid", ["0"], {}]],
      [2, ["agents/0/me", [], {}]],
    ]);
  },
);

withCtx(
  "a container without extensions sends nothing but the handshake",
  async (ctx) => {
    const container = await ctx.createContainer({ extensions: false });
    const seen: unknown[] = [];
    const server = await ctx.startServer(async (channel) => {
      for await (const request of channel) {
        seen.push([request.id, request.content]);
        await request.reply("A");
      }
    });
    const proxy = await container.connect<A>(`${server.address}/0`);
    await proxy.me();
    assertEquals(seen, [
      [0, ["validate_aid", ["0"], {}]],
      [1, ["agents/0/me", [], {}]],
    ]);
  },
);

/** A service reference as seen by a peer without RPC: type 1 of a container. */
class WireReference {
  constructor(readonly data: unknown) {}
}

/** A date as seen by a peer without dates. */
class WireDate {
  constructor(readonly text: unknown) {}
}

const serializers = [{
  type: WireDate,
  serialize: ({ text }: WireDate) => text,
  deserialize: (text: unknown) => new WireDate(text),
}, {
  type: WireReference,
  serialize: ({ data }: WireReference) => data,
  deserialize: (data: unknown) => new WireReference(data),
}];

withCtx({
  name: "a plain peer calls agents, and gets paths and no addresses",
  codecs,
}, async (ctx) => {
  const here = await ctx.createContainer();
  const there = await ctx.createContainer();
  const [cat, other] = [await here.spawn(Cat), await here.spawn(Cat)];
  const third = await there.spawn(Cat);
  const channel = ctx.use(
    await openConnection(here.address, { ...ctx.options, serializers }),
  );
  const call = (path: string, ...args: unknown[]) =>
    channel.send([path, args, {}]);
  assertEquals(await call("agents/0/meow", 2), "meowmeow");
  assertEquals(await call("agents/0/me"), new WireReference("agents/0"));
  await call("agents/0/befriend", new WireReference("agents/9"));

  await cat.befriend(await here.connect<Cat>(third.address));
  const kept = await call("agents/0/getFriend") as WireReference;
  assertEquals(kept, new WireReference("$/ref/0"));
  assertEquals(await call(`${kept.data}/meow`, 1), "meow");
  await cat.befriend(other);
  assertEquals(
    await call("agents/0/getFriend"),
    new WireReference("agents/1"),
  );
  // Dates have the type id of aiomas.
  assertEquals(
    await call("agents/0/tomorrow", new WireDate("1970-01-01T00:00:00+00:00")),
    new WireDate("1970-01-02T00:00:00.000Z"),
  );
  // A peer without extensions cannot send a place: its data are not read as
  // one.
  await call("agents/0/hear", new WireReference({ place: 5 })).then(
    () => assert(false),
    (error) => assert(error instanceof RemoteError),
  );
});

class Point {
  constructor(readonly x: number) {}
}

withCtx(
  "a container's types are dates, the user's own, and references",
  async (ctx) => {
    const container = await ctx.createContainer({
      serializers: [{
        type: Point,
        serialize: ({ x }: Point) => x,
        deserialize: (x: unknown) => new Point(x as number),
      }],
    });
    const cat = await container.spawn(Cat);
    using peer = await openRaw(container.address);
    const date = (day: string) => `{"__type__":[0,"${day}T00:00:00.000Z"]}`;
    peer.send(`[0,0,["agents/0/tomorrow",[${date("1970-01-01")}],{}]]`);
    assertEquals(await peer.receive(), `[1,0,${date("1970-01-02")}]`);
    peer.send('[0,1,["agents/0/hear",[{"__type__":[1,5]}],{}]]');
    assertEquals(await peer.receive(), "[1,1,null]");
    assertEquals(cat.heard, [new Point(5)]);
    peer.send('[0,2,["agents/0/me",[],{}]]');
    assertEquals(await peer.receive(), '[1,2,{"__type__":[2,"agents/0"]}]');
  },
);

/** A container of aiomas with one agent, "0", which can be removed. */
class PlainContainer {
  hasAgent = true;
  asked = 0;
  channels: Channel[] = [];
  async serve(channel: Channel): Promise<void> {
    this.channels.push(channel);
    for await (const request of channel) {
      const [path] = request.content as [string];
      if (path === "validate_aid") {
        this.asked++;
        await request.reply(this.hasAgent ? "A" : null);
      } else await request.fail(`Traceback\nLookupError: ${path}\n`);
    }
  }
}

/** Returns a link to the container that polls without pauses. */
async function linkTo(
  ctx: Ctx,
  plain: PlainContainer,
): Promise<Link> {
  const server = await ctx.startServer((channel) => plain.serve(channel));
  const start = sessionStarter(null, { ...ctx.options, isInitiator: true });
  const session = await openConnectionWith(
    start,
    server.address,
    withTransports(server.address, ctx.options),
  );
  ctx.use(session.channel);
  return new Link(server.address, session, 1);
}

withCtx(
  "a container that knows no watch is asked again and again",
  async (ctx) => {
    const plain = new PlainContainer();
    const link = await linkTo(ctx, plain);
    const { signal } = new AbortController();
    const watch = link.watch("0", signal);
    await until(() => plain.asked >= 3);
    plain.hasAgent = false;
    assertEquals(await watch, "its container has no such agent");
    await assertRejects(() => link.find("0", undefined), AgentNotFoundError);
  },
);

withCtx("a poll ends with its signal, and with its connection", async (ctx) => {
  const plain = new PlainContainer();
  const link = await linkTo(ctx, plain);
  const controller = new AbortController();
  const stopped = link.watch("0", controller.signal);
  const lost = link.watch("0", new AbortController().signal);
  await until(() => plain.asked >= 4);
  controller.abort("enough");
  assertEquals(await stopped.catch((reason) => reason), "enough");
  await plain.channels[0]!.close({ graceMs: 0 });
  assertEquals(
    await lost.catch(({ name }) => name),
    "ConnectionClosedError",
  );
});

withCtx({
  name: "Container.watch of a plain peer tells when it is gone, amid a pause",
  // Shorter than the pause between polls, which must not delay the end.
  timeoutMs: 3_000,
}, async (ctx) => {
  const plain = new PlainContainer();
  const server = await ctx.startServer((channel) => plain.serve(channel));
  const container = await ctx.createContainer();
  const gone = container.watch(`${server.address}/0`);
  await until(() => plain.asked === 1);
  await nextTurn();
  await server.close({ graceMs: 0 });
  assertEquals((await gone).scope, "container");
});

withCtx(
  "a peer that never answers holds no call up for longer than it may",
  async (ctx) => {
    const server = await ctx.startServer(async (channel) => {
      for await (const _ of channel);
    });
    const container = await ctx.createContainer();
    const controller = new AbortController();
    const { signal } = controller;
    const connecting = container.connect(`${server.address}/0`, { signal });
    await until(() => server.channels.size === 1);
    controller.abort("enough");
    assertEquals(await connecting.catch((reason) => reason), "enough");
  },
);

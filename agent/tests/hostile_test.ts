import {
  assert,
  assertEquals,
  assertNotMatch,
  assertRejects,
} from "@std/assert";
import { json } from "../../channel/codecs/json/json.ts";
import { msgpack } from "../../channel/codecs/msgpack/msgpack.ts";
import { WirePeer } from "../../channel/fixtures/wire_peer.ts";
import { attackServer } from "../../dev/fixtures/hostile/attack.ts";
import { attackContainers } from "../../dev/fixtures/hostile/clients.ts";
import { testBriefly } from "../../dev/fixtures/hostile/brief_attack.ts";
import { NAMES } from "../../dev/fixtures/hostile/texts.ts";
import { expose } from "../../rpc/service/expose.ts";
import type { RequestMiddleware } from "../../rpc/middleware.ts";
import { withCtx } from "../../testing/ctx.ts";
import type { Ctx, CtxOptions } from "../../testing/ctx_contract.ts";
import { Agent } from "../agent.ts";
import type { Container } from "../container.ts";

testBriefly(
  "hostile peers of agents have no effect",
  (ctx, options) => attackServer("agent", ctx, options),
);

testBriefly(
  "hostile containers and directories have no effect on who connects to them",
  attackContainers,
);

/** All transports, each with a text codec and a binary codec. */
const EVERYWHERE: Pick<CtxOptions, "transports" | "codecs"> = {
  transports: ["tcp", "unix", "memory", "tls"],
  codecs: [json(), msgpack()],
};

/** Characters that must not reach a terminal. */
// deno-lint-ignore no-control-regex -- these are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** A reference of the peer in its wire form. */
function reference(data: unknown): unknown {
  return { __type__: [1, data] };
}

class Safe extends Agent {
  runs = 0;

  @expose
  open(): string {
    this.runs++;
    return "gold";
  }
}

class Board extends Agent {
  @expose
  async tell(listener: () => unknown): Promise<unknown> {
    return await listener();
  }

  @expose
  async open(agent: { open(): unknown }): Promise<unknown> {
    return await agent.open();
  }

  @expose
  describe(agent: unknown): string {
    return `${agent} ${Deno.inspect(agent)}`;
  }
}

/** Only the owner may open safes. */
const guard: RequestMiddleware = ({ path, identity }, next) => {
  if (path.startsWith("agents/safe") && identity !== "owner") {
    throw new Error("Cannot open: forbidden");
  }
  return next();
};

/** Sends the hello of a container. */
async function hello(peer: WirePeer, credentials?: string): Promise<void> {
  const features = [
    "call",
    "cancel",
    "ping",
    "references",
    "streams",
    "places",
  ];
  const content = { version: 1, features };
  await peer.call("$/hello", {
    ...content,
    ...(credentials !== undefined && { credentials }),
  });
}

async function startBank(ctx: Ctx): Promise<[Container, Safe]> {
  const container = await ctx.createContainer({
    middleware: { requests: [guard] },
    authenticate: (shown) => String(shown),
  });
  const safe = await container.spawn(Safe, { id: "safe" });
  await container.spawn(Board, { id: "board" });
  return [container, safe];
}

withCtx(
  {
    name:
      "a guest reaches no agent of others by way of an agent that it may call",
    ...EVERYWHERE,
  },
  async (ctx) => {
    const [container, safe] = await startBank(ctx);
    using peer = await WirePeer.open(container.address, ctx.options);
    await hello(peer, "guest");
    const place = { address: safe.address, type: "Safe" };
    for (
      const data of [
        { own: "agents/safe" },
        { own: "agents/safe/open" },
        { place },
        { path: "agents/safe", place },
        "agents/safe",
        "agents/safe/open",
      ]
    ) {
      for (const method of ["tell", "open"]) {
        const id = peer.request([
          `agents/board/${method}`,
          [reference(data)],
          {},
        ]);
        for (;;) {
          const [type, answered, content] = (await peer.receive())!;
          if (type === 0) {
            // The board calls the guest's own agent, under any name.
            peer.send([2, answered, "Error: there is none"]);
          } else if (answered === id) {
            assertEquals(type, 2, JSON.stringify([method, data, content]));
            break;
          }
        }
      }
    }
    assertEquals(safe.runs, 0);
  },
);

withCtx(
  {
    name: "an address that a peer tells is shown no credentials",
    ...EVERYWHERE,
  },
  async (ctx) => {
    const [container] = await startBank(ctx);
    const seen: string[] = [];
    await using liar = await WirePeer.listen(
      ctx,
      (it) =>
        it.answer((content) => {
          seen.push(JSON.stringify(content));
          return null;
        }),
    );
    const other = await ctx.createContainer({
      credentials: "a secret of this container",
      allowConnect: () => true,
    });
    await other.spawn(Board, { id: "board" });
    const shy = await ctx.createContainer({ credentials: "a secret" });
    await shy.spawn(Board, { id: "board" });
    const place = { address: `${liar.address}/0`, type: "Safe" };
    for (const { address } of [container, other, shy]) {
      using peer = await WirePeer.open(address, ctx.options);
      await hello(peer, "guest");
      await peer.call("agents/board/open", reference({ place }));
    }
    assertEquals(seen.filter((it) => it.includes("secret")), []);
    // Only the container that allows it has connected.
    assert(seen.length > 0);
  },
);

withCtx(
  { name: "names that a peer tells are bounded and escaped", ...EVERYWHERE },
  async (ctx) => {
    const container = await ctx.createContainer();
    await container.spawn(Board, { id: "board" });
    using peer = await WirePeer.open(container.address, ctx.options);
    await hello(peer);
    for (const type of [...NAMES, 5, null, {}, "x".repeat(1_000_000)]) {
      const place = { address: `${container.address}/1`, type };
      for (const data of [{ place }, { path: "agents/1", place }]) {
        const [kind, text] = (await peer.call(
          "agents/board/describe",
          reference(data),
        ))!;
        if (kind !== 1) continue;
        assertNotMatch(text as string, CONTROL);
        assert((text as string).length < 5_000);
      }
    }
  },
);

withCtx(
  {
    name: "the class that a peer tells of its agent is no name",
    ...EVERYWHERE,
  },
  async (ctx) => {
    const types = [...NAMES, 5, {}, [], { then: reference("$/ref/0") }, true];
    const container = await ctx.createContainer({ timeoutMs: 1_000 });
    await using listener = await WirePeer.listen(
      ctx,
      (it) =>
        it.answer((content) => {
          const [first, args] = content as [string, unknown[]];
          const call = first === "$/call" ? args : [first, args];
          const [path, [id]] = call as [string, [string]];
          return path === "validate_aid" ? types[Number(id)] : null;
        }),
    );
    let connected = 0;
    for (const [id] of types.entries()) {
      const address = `${listener.address}/${id}`;
      const text = await container.connect(address).then(
        (proxy) => {
          connected++;
          return String(proxy);
        },
        (error: Error) => error.message,
      );
      assertNotMatch(text, CONTROL);
      assert(text.length < 2_000, text);
    }
    assert(connected > NAMES.length / 2, `${connected} are connected`);
  },
);

withCtx(
  { name: "watches of names by the thousand are let go", ...EVERYWHERE },
  async (ctx) => {
    const [container] = await startBank(ctx);
    const before = container.stats();
    using peer = await WirePeer.open(container.address, ctx.options);
    await hello(peer, "guest");
    for (let count = 0; count < 2_000; count++) {
      peer.request(["watch_aid", [count % 3 === 0 ? "safe" : `${count}`], {}]);
    }
    assertEquals((await peer.call("validate_aid", "safe"))![0], 1);
    peer[Symbol.dispose]();
    while (container.stats().clients > before.clients) await turn();
    assertEquals(container.stats().watches, before.watches);
    assertEquals(container.stats().unansweredRequests, 0);
    await assertRejects(() => container.connect(`${container.address}/none`));
  },
);

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

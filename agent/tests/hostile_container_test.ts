import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Serializer } from "../../channel/codecs/types/serializer.ts";
import { codecs } from "../../channel/fixtures/codecs.ts";
import { openConnection } from "../../channel/deno.ts";
import { call } from "../../rpc/call.ts";
import { expose } from "../../rpc/service/expose.ts";
import type { RequestMiddleware } from "../../rpc/middleware.ts";
import type { Remote } from "../../rpc/remote.ts";
import { withCtx } from "../../testing/ctx.ts";
import { ConnectError } from "../../transports/errors.ts";
import { parseAgentAddress } from "../address.ts";
import { Agent } from "../agent.ts";
import { dateSerializer } from "../date_serializer.ts";
import { serveHostile } from "../fixtures/hostile_container.ts";

const HOSTILE = "A\ndenomas: all is well\x1b[31m\u202e";

withCtx(
  { name: "the class that a container tells is shown escaped", codecs },
  async (ctx) => {
    const here = await ctx.createContainer();
    const there = await serveHostile(ctx, () => HOSTILE);
    const shown = String(await here.connect(`${there.address}/0`));
    assert(shown.startsWith("A\\ndenomas: all is well\\u{1b}[31m\\u{202e}"));
    assert(!/[\p{Cc}\p{Cf}]/u.test(shown), shown);
    const long = await serveHostile(ctx, () => "A".repeat(1_000_000));
    const name = String(await here.connect(`${long.address}/0`));
    assert(name.length < 2_000, `${name.length}`);
  },
);

withCtx(
  { name: "a container that tells no class has no agent", codecs },
  async (ctx) => {
    const here = await ctx.createContainer();
    for (
      const told of ["", 5, true, [], {}, { toString: 5 }, [["A"]]] as const
    ) {
      const there = await serveHostile(ctx, () => told);
      await assertRejects(
        () => here.connect(`${there.address}/0`),
        ConnectError,
        "in place of the name of a class",
      );
    }
  },
);

withCtx(
  { name: "the reason why an agent is gone is shown escaped", codecs },
  async (ctx) => {
    const here = await ctx.createContainer();
    for (
      const [told, shown] of [
        [HOSTILE, "A\\ndenomas: all is well\\u{1b}[31m\\u{202e}"],
        ["x".repeat(1_000_000), `${"x".repeat(500)}…`],
        [{ toString: 5 }, "its container gave no reason"],
      ] as const
    ) {
      const there = await serveHostile(
        ctx,
        (path) => path === "watches/begin" ? told : "A",
      );
      const gone = await here.watch(`${there.address}/0`);
      assertEquals(gone.message, shown);
    }
  },
);

withCtx("a peer that asks for anything as an agent is told no", async (ctx) => {
  const container = await ctx.createContainer();
  const channel = ctx.use(
    await openConnection(container.address, ctx.options),
  );
  for (
    const id of [HOSTILE, "x".repeat(100_000), {}, { toString: 5 }, null, [0]]
  ) {
    assertEquals(await channel.send(["validate_aid", [id], {}]), null);
    const reason = await channel.send(["watch_aid", [id], {}]) as string;
    assert(reason.startsWith("Cannot find agent '"), reason);
    assert(reason.length < 400 && !/\p{Cc}/u.test(reason), reason);
  }
});

Deno.test("parseAgentAddress takes nothing that is long or unprintable", () => {
  for (
    const text of [
      `local://a/${"x".repeat(2_000)}`,
      "local://a/\x1b[31m",
      "local://a\u202e/0",
      "tcp://127.0.0.1:1/a\nb",
      "ipc://[/tmp/\x07]/0",
      "local://a/\ud800",
    ]
  ) {
    const { message } = assertThrows(() => parseAgentAddress(text), TypeError);
    assert(!/\p{Cc}/u.test(message), message);
    assert(message.length < 600, message);
  }
  for (const other of [5, {}, null, undefined]) {
    assertThrows(() => parseAgentAddress(other as string), TypeError, "string");
  }
});

/** A reference that pretends to be from the other side. */
class Own {
  readonly path: string;
  constructor(path: string) {
    this.path = path;
  }
}

/** The second custom type of a container is references. */
const ownSerializer: Serializer<Own> = {
  type: Own,
  serialize: ({ path }) => ({ own: path }),
  deserialize: () => new Own(""),
};

class Safe extends Agent {
  @expose
  open(who: unknown): string {
    return `gold for ${who}`;
  }
}

class Board extends Agent {
  @expose
  async tell(f: (x: unknown) => unknown, x: unknown): Promise<unknown> {
    return await f(x);
  }

  @expose
  async openFor(safe: Remote<Safe>): Promise<string> {
    return await safe.open("the board");
  }
}

withCtx(
  { name: "a guest makes no agent call what it may not call itself", codecs },
  async (ctx) => {
    const seen: [string, unknown][] = [];
    const guard: RequestMiddleware = ({ path, identity }, next) => {
      seen.push([path, identity]);
      if (path === "agents/0/open" && identity !== container) {
        throw new RangeError("Forbidden");
      }
      return next();
    };
    const container = await ctx.createContainer({
      middleware: { requests: [guard] },
      authenticate: (credentials) => String(credentials),
    });
    const safe = await container.spawn(Safe);
    await container.spawn(Board);
    const channel = ctx.use(
      await openConnection(container.address, {
        ...ctx.options,
        serializers: [dateSerializer, ownSerializer],
      }),
    );
    const features = ["call", "references", "places"];
    await channel.send(
      ["$/hello", [{ version: 1, features, credentials: "guest" }], {}],
    );
    const own = (path: string) => new Own(path);
    for (
      const [path, args] of [
        ["agents/0/open", ["me"]],
        ["agents/1/tell", [own("agents/0/open"), "me"]],
        ["agents/1/tell", [own("agents/0/open/call"), "me"]],
        ["agents/1/tell", [own("validate_aid"), "0"]],
        ["agents/1/tell", [own("agents"), "0"]],
        ["agents/1/tell", [own(""), "0"]],
        ["agents/1/tell", [own("agents/$x"), "0"]],
      ] as const
    ) {
      await assertRejects(() => channel.send([path, args, {}]), Error);
    }
    assertEquals(
      seen.filter(([path]) => path === "agents/0/open"),
      [["agents/0/open", "guest"]],
    );
    // An agent can be named, since it has an address. But the call to it is
    // made by the agent that was given the address, and middleware sees that.
    seen.length = 0;
    const answer = await channel.send(
      ["agents/1/openFor", [own("agents/0")], {}],
    );
    assertEquals(answer, "gold for the board");
    assertEquals(seen.filter(([path]) => path.startsWith("agents/")), [
      ["agents/1/openFor", "guest"],
      ["agents/0/open", container],
    ]);
    assertEquals(safe.address, `${container.address}/0`);
  },
);

withCtx("a container is the identity of its own calls", async (ctx) => {
  class Asked extends Agent {
    @expose
    isOwn(): boolean {
      return call().identity === this.container;
    }

    /** Calls a callback that the caller passed. */
    @expose
    async back(isOwn: () => Promise<boolean>): Promise<boolean> {
      return await isOwn();
    }
  }
  for (const authenticate of [undefined, () => "somebody"]) {
    const [here, there] = [
      await ctx.createContainer({ authenticate }),
      await ctx.createContainer(),
    ];
    const { address } = await here.spawn(Asked);
    const own = await here.connect<Asked>(address);
    assertEquals(await own.isOwn(), true);
    const remote = await there.connect<Asked>(address);
    assertEquals(await remote.isOwn(), false);
  }
});

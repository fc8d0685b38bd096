import { assert, assertEquals, assertRejects } from "@std/assert";
import { withCtx } from "../../testing/ctx.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import { RemoteError } from "../../channel/errors.ts";
import { call } from "../call.ts";
import type { RpcConnectionOptions } from "../client.ts";
import type { RpcClient } from "../rpc_client.ts";
import type {
  CallMiddleware,
  ConnectionObserver,
  RequestMiddleware,
} from "../middleware.ts";
import { withOptions } from "../options.ts";
import type { RpcServerOptions } from "../server.ts";
import { service } from "../service/service.ts";

const adder = service({
  add: (a: number, b: number) => a + b,
  who: () => String(call().session.get("user")),
  logIn: (name: string) => {
    call().session.set("user", name);
  },
});

async function connect(
  ctx: Ctx,
  server: RpcServerOptions,
  client: RpcConnectionOptions = {},
): Promise<() => Promise<RpcClient<typeof adder>>> {
  await ctx.rpc.startServer(adder, server);
  return () => ctx.rpc.connect<typeof adder>(client);
}

withCtx(
  "serving middleware runs around methods, the first outermost",
  async (ctx) => {
    const log: string[] = [];
    const named = (name: string): RequestMiddleware => async (call, next) => {
      log.push(`${name} before ${call.path}(${call.args})`);
      const result = await next();
      log.push(`${name} after ${result}`);
      return result;
    };
    const open = await connect(ctx, {
      middleware: { requests: [named("one"), named("two")] },
    });
    const { remote } = await open();
    assertEquals(await remote.add(1, 2), 3);
    assertEquals(log, [
      "one before add(1,2)",
      "two before add(1,2)",
      "two after 3",
      "one after 3",
    ]);
  },
);

withCtx(
  "serving middleware may change arguments and result, and refuse",
  async (ctx) => {
    const doubled: RequestMiddleware = async (call, next) => {
      if (call.path === "who") throw new TypeError("not for you");
      const args = call.args.map((arg) => Number(arg) * 2);
      return `the sum is ${await next({ args })}`;
    };
    const { remote } =
      await (await connect(ctx, { middleware: { requests: [doubled] } }))();
    assertEquals(await remote.add(1, 2) as unknown, "the sum is 6");
    const error = await assertRejects(() => remote.who(), RemoteError);
    assertEquals([error.remoteName, error.message], [
      "TypeError",
      "not for you",
    ]);
  },
);

withCtx("serving middleware sees calls of what does not exist", async (ctx) => {
  const paths: string[] = [];
  const log: RequestMiddleware = (call, next) => {
    paths.push(call.path);
    return next();
  };
  const { remote } =
    await (await connect(ctx, { middleware: { requests: [log] } }))();
  const missing = remote as unknown as { nothing(): Promise<void> };
  await assertRejects(() => missing.nothing(), Error, "no such method");
  assertEquals(paths, ["nothing"]);
});

withCtx(
  "a method can still ask for its call behind middleware",
  async (ctx) => {
    const slow: RequestMiddleware = async (_call, next) => {
      await new Promise((resolve) => setImmediate(resolve));
      return await next();
    };
    const { remote } =
      await (await connect(ctx, { middleware: { requests: [slow] } }))();
    await remote.logIn("Ada");
    assertEquals(await remote.who(), "Ada");
  },
);

withCtx("a session belongs to one connection", async (ctx) => {
  const open = await connect(ctx, {});
  const [ada, grace] = [await open(), await open()];
  await ada.remote.logIn("Ada");
  await grace.remote.logIn("Grace");
  assertEquals(await ada.remote.who(), "Ada");
  assertEquals(await grace.remote.who(), "Grace");
});

withCtx("a token is checked in each call, the first included", async (ctx) => {
  const check: RequestMiddleware = (call, next) => {
    if (call.meta.token !== "secret") throw new TypeError("Wrong token");
    return next();
  };
  const open = await connect(ctx, { middleware: { requests: [check] } });
  const { remote } = await open();
  const trusted = withOptions(remote, { meta: { token: "secret" } });
  assertEquals(await trusted.add(1, 2), 3);
  await assertRejects(() => remote.add(1, 2), RemoteError, "Wrong token");
});

withCtx("calling middleware may add to calls, and time them", async (ctx) => {
  const times: number[] = [];
  const sign: CallMiddleware = (call, next) =>
    next({ options: { ...call.options, meta: { token: "secret" } } });
  const time: CallMiddleware = async (call, next) => {
    const start = performance.now();
    assertEquals(call.path, "add");
    try {
      return await next();
    } finally {
      times.push(performance.now() - start);
    }
  };
  const open = await connect(ctx, {
    middleware: {
      requests: [(call, next) => {
        assertEquals(call.meta, { token: "secret" });
        return next();
      }],
    },
  }, { middleware: { calls: [time, sign] } });
  const { remote } = await open();
  assertEquals(await remote.add(1, 2), 3);
  assertEquals(times.length, 1);
  assert(times[0]! >= 0);
});

withCtx(
  "connecting observers hear of connections on both sides",
  async (ctx) => {
    const reasons: string[] = [];
    const observe = (side: string): ConnectionObserver => (channel) => {
      assertEquals(channel.stats().framesIn, 0);
      channel.closed.then(({ by }) => reasons.push(`${side}: ${by}`));
    };
    const open = await connect(ctx, {
      middleware: { connections: [observe("server")] },
    }, {
      middleware: { connections: [observe("client")] },
    });
    const client = await open();
    assertEquals(await client.remote.add(1, 2), 3);
    await client.close();
    await ctx.rpc.closeServer();
    assertEquals(reasons.toSorted(), ["client: local", "server: peer"]);
  },
);

withCtx("a connecting observer that throws harms nothing", async (ctx) => {
  const open = await connect(ctx, {
    middleware: {
      connections: [() => {
        throw new Error("no observer");
      }],
    },
  });
  const { remote } = await open();
  assertEquals(await remote.add(1, 2), 3);
  assertEquals(ctx.takeHandlerErrors().map(String), ["Error: no observer"]);
});

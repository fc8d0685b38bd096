import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { RemoteError, TimeoutError } from "../../../channel/errors.ts";
import { openConnection, startServer } from "../../../rpc/deno.ts";
import type { RpcConnectionOptions } from "../../../rpc/client.ts";
import type { RpcClient } from "../../../rpc/rpc_client.ts";
import { kwargs } from "../../../rpc/kwargs.ts";
import { withOptions } from "../../../rpc/options.ts";
import type { RpcServer } from "../../../rpc/server.ts";
import { commonRows, type LayerSides } from "../common_rows.ts";
import { checkGuide, rowsWith, type Stage } from "../conformance.ts";
import { looseCodec, raised } from "../support.ts";
import { type Methods, Point, pointSerializer, Service } from "../things.ts";
import { PLAIN } from "../values.ts";

const layer = "rpc";

const sides: LayerSides = {
  layer,
  serve: ({ python, ctx, codec }, address = ctx.address) =>
    python.ask("serve", { layer, address, codec, points: true }),
  open: async (stage, address, retryForMs = 0) => {
    const { remote } = await open(stage, address, { retryForMs });
    return async (path, ...args) =>
      await remote[path as "echo"](...args as [unknown]);
  },
  openThere: ({ python, codec }, address) => {
    const args = { layer, address, codec, points: true, serves: true };
    return python.ask<number>("open", args);
  },
  serveHere: async (stage, address) => (await serve(stage, address)).address,
};

async function serve(
  stage: Stage,
  address: string = stage.ctx.address,
): Promise<RpcServer<RpcClient<Methods>>> {
  const options = { ...stage.ctx.options, ...loose(stage) };
  const service = new Service();
  return stage.ctx.use(
    await startServer<RpcClient<Methods>>(address, service, {
      ...options,
      maskErrors: false,
    }),
  );
}

function loose(stage: Stage) {
  return { codec: looseCodec(stage), serializers: [pointSerializer] };
}

async function open(
  stage: Stage,
  address: string,
  options: RpcConnectionOptions = {},
): Promise<RpcClient<Methods>> {
  const { ctx } = stage;
  return ctx.use(
    await openConnection<Methods>(address, {
      ...ctx.options,
      ...loose(stage),
      ...options,
    }),
  );
}

/** denomas calls aiomas, and serves it as well. */
const toAiomas = rowsWith(layer, "aiomas", async (stage) => {
  const served = stage.closing(await sides.serve(stage));
  const service = new Service();
  const client = await open(stage, served.address, { service });
  return { client, remote: client.remote, served, service };
});

/** aiomas calls denomas, and serves it; `on` is the number of its client. */
const toDenomas = rowsWith(layer, "denomas", async (stage) => {
  const server = await serve(stage);
  const on = stage.closing(await sides.openThere(stage, server.address));
  const call = (path: string, ...args: unknown[]) =>
    stage.python.ask("call", { on, path, args });
  return { server, on, call };
});

const CALLS = "Calls";
toAiomas(CALLS, async ({ remote }) => {
  assertEquals(await remote.echo(PLAIN), PLAIN);
  assertEquals(await remote.hear(PLAIN), PLAIN);
});
toDenomas(CALLS, async ({ call }) => {
  assertEquals(await call("echo", PLAIN), PLAIN);
  assertEquals(await call("hear", PLAIN), PLAIN);
});

const KEYWORDS = "Keyword arguments";
toAiomas(KEYWORDS, async ({ remote }) => {
  const greeting = await remote.greet("Ada", kwargs({ times: 2 }));
  assertEquals(greeting, "Hello, Ada Hello, Ada");
  assertEquals(await remote.greet("Ada"), "Hello, Ada");
});
toDenomas(KEYWORDS, async ({ python, on, call }) => {
  const args = { on, path: "greet", args: ["Ada"], kwargs: { times: 2 } };
  assertEquals(await python.ask("call", args), "Hello, Ada Hello, Ada");
  assertEquals(await call("greet", "Ada"), "Hello, Ada");
});

const NESTED = "Services in services";
toAiomas(NESTED, async ({ remote }) => {
  assertEquals(await remote.kitchen.cook("rice"), "cooked rice");
});
toDenomas(NESTED, async ({ call }) => {
  assertEquals(await call("kitchen/cook", "rice"), "cooked rice");
});

const MISSING = "A method that is not there";
toAiomas(MISSING, async ({ remote }) => {
  const loose = remote as unknown as { nothing(): Promise<void> };
  const error = await assertRejects(() => loose.nothing(), RemoteError);
  assertEquals(error.remoteName, "LookupError");
});
toDenomas(MISSING, async ({ call }) => {
  const { remote } = await raised(call("nothing"));
  assertStringIncludes(remote!, "MethodNotFoundError: ");
  const hidden = await raised(call("constructor"));
  assertStringIncludes(hidden.remote!, "MethodNotFoundError: ");
});

const BACK = "Calls of the server";
toAiomas(BACK, async ({ remote, python, closing, served }) => {
  await remote.echo(1);
  const args = { server: served.handle };
  const on = closing(await python.ask<number>("client", args));
  const call = { on, path: "kitchen/cook", args: ["rice"] };
  assertEquals(await python.ask("call", call), "cooked rice");
});
toDenomas(BACK, async ({ server, call }) => {
  await call("echo", 1);
  const [client] = server.clients;
  assertEquals(await client!.remote.kitchen.cook("rice"), "cooked rice");
});

const OWN = "A service of one's own as an argument";
toAiomas(OWN, async ({ remote, service }) => {
  assertEquals(await remote.ask(service, "Ada"), "Hello, Ada");
  assertEquals(await remote.hear(service.kitchen), { $proxy: "kitchen" });
});
toDenomas(OWN, async ({ call }) => {
  assertEquals(await call("ask", { $own: "" }, "Ada"), "Hello, Ada");
  const kitchen = { $own: "kitchen" };
  assertEquals(await call("hear", kitchen), { $proxy: "kitchen" });
});

const RETURNED = "A service as a result";
toAiomas(RETURNED, async ({ remote }) => {
  const [me, kitchen] = [await remote.me(), await remote.get_kitchen()];
  assertEquals(await me.greet("Ada"), "Hello, Ada");
  assertEquals(await kitchen.cook("rice"), "cooked rice");
});
toDenomas(RETURNED, async ({ python, on }) => {
  const take = async (path: string) => ({
    on: await python.ask("take", { on, path }),
  });
  const me = { ...await take("me"), path: "greet", args: ["Ada"] };
  assertEquals(await python.ask("call", me), "Hello, Ada");
  const kitchen = { ...await take("get_kitchen"), path: "cook", args: ["it"] };
  assertEquals(await python.ask("call", kitchen), "cooked it");
});

const FUNCTIONS = "A function as an argument";
toAiomas(FUNCTIONS, async ({ remote }) => {
  const twice = (value: number) => 2 * value;
  assertEquals(await remote.run(twice, 21), 42);
});
toDenomas(FUNCTIONS, async ({ call }) => {
  // The closest alternative: a method of a service that the caller serves.
  const { raised: name } = await raised(call("run", { $own: "echo" }, 1));
  assertEquals(name, "SerializationError");
}, { not: "aiomas can send services, and no functions." });

const PASSED_BACK = "A proxy passed back to whom it came from";
toAiomas(PASSED_BACK, async ({ remote }) => {
  assertEquals(await remote.ask(await remote.me(), "Ada"), "Hello, Ada");
});
toDenomas(PASSED_BACK, async ({ python, on, call }) => {
  const proxy = await python.ask<number>("take", { on, path: "me" });
  const { raised: name } = await raised(call("ask", { $own: proxy }, "Ada"));
  assertEquals(name, "SerializationError");
}, { not: "aiomas refuses to send a proxy." });

const CLASSES = "Classes of your own";
toAiomas(CLASSES, async ({ remote, service }) => {
  assertEquals(await remote.move(new Point(1, 2)), new Point(2, 3));
  // The type id of services comes after those of user types.
  assertEquals(await remote.hear([new Point(1, 2), service]), [
    { $point: [1, 2] },
    { $proxy: "" },
  ]);
});
toDenomas(CLASSES, async ({ call }) => {
  const point = { $point: [1, 2] };
  assertEquals(await call("move", point), { $point: [2, 3] });
  assertEquals(await call("hear", [point, { $own: "" }]), [
    point,
    { $proxy: "" },
  ]);
});

const STREAMS = "Streams";
toAiomas(STREAMS, async ({ remote, client }) => {
  async function* stream(): AsyncGenerator<number> {
    yield 1;
  }
  await remote.echo(1);
  await assertRejects(() => Promise.resolve(remote.echo(stream())));
  assertEquals(client.stats().streams, 0);
}, { not: "aiomas has no streams." });
toDenomas(STREAMS, async ({ call }) => {
  const { remote } = await raised(call("count"));
  assertStringIncludes(remote!, "UnsupportedByPeerError: ");
}, { not: "aiomas has no streams." });

const LATE = "A call that is given up leaves the channel intact";
toAiomas(LATE, async ({ remote, client }) => {
  await remote.echo(1);
  // Long enough for the call to leave, even on a busy machine.
  const hurried = withOptions(remote, { timeoutMs: 50 });
  await assertRejects(() => hurried.hold(), TimeoutError);
  await remote.release();
  assertEquals(await remote.echo(1), 1);
  assertEquals(client.stats().lateReplies, 1);
});
toDenomas(LATE, async ({ python, on, call }) => {
  const done = await python.ask("give_up", { on, path: "hold" });
  assertEquals(done, 0);
  // The late reply ends the channel, which affects this call like any other.
  await call("release").catch(() => {});
  const { raised: name } = await raised(call("echo", 1));
  assert(/^(RuntimeError|ConnectionResetError)$/.test(name), name);
}, {
  not: "In aiomas the reply to a call that was cancelled breaks its channel.",
});

const NO_CALL = "An answer to a request that is no call";
toAiomas(NO_CALL, async ({ client, remote }) => {
  const asking = client.channel.send("no call", { timeoutMs: 100 });
  await assertRejects(() => asking, TimeoutError);
  assertEquals(await remote.echo(1), 1);
}, { not: "aiomas never answers what is not a list of three." });
toDenomas(NO_CALL, async ({ server, python, codec, closing, call }) => {
  const { address } = server;
  const args = { layer: "channel", address, codec };
  const on = closing(await python.ask<number>("open", args));
  const sending = python.ask("send", { on, content: "no call" });
  assertEquals((await raised(sending)).raised, "RemoteException");
  assertEquals(await call("echo", 1), 1);
});

commonRows(sides);

checkGuide(layer);

import { assertEquals, assertRejects } from "@std/assert";
import type { Codec } from "../../channel/codecs/codec.ts";
import { json } from "../../channel/codecs/json/json.ts";
import { msgpack } from "../../channel/codecs/msgpack/msgpack.ts";
import { ConnectionClosedError } from "../../channel/errors.ts";
import { withCtx } from "../../testing/fixtures/everywhere.ts";
import { withCtx as withPlainCtx } from "../../testing/ctx.ts";
import { ConnectError } from "../../transports/errors.ts";
import { openConnection, startServer } from "../deno.ts";
import { openReconnecting } from "../reconnect/deno.ts";
import { service } from "../service/service.ts";

const PAIRS: readonly [server: Codec, client: Codec, remedy: string][] = [
  [msgpack(), json(), "set the option 'codec' to msgpack() here"],
  [json(), msgpack(), "set the option 'codec' to json() here"],
];

const sums = service({ add: (a: number, b: number) => a + b });

for (const [theirs, own, remedy] of PAIRS) {
  const pair = `of ${own.name} to ${theirs.name}`;
  const quiet = { codec: theirs, onError: () => {} };

  withCtx(`a call ${pair} says which codec to set`, async (ctx) => {
    await ctx.rpc.startServer(sums, quiet);
    const { remote, closed } = await ctx.rpc.connect<typeof sums>({
      codec: own,
    });
    const error = await assertRejects(
      () => remote.add(1, 2),
      ConnectionClosedError,
      remedy,
    );
    assertEquals(error.code, "codec");
    assertEquals((await closed).code, "codec");
  });

  withCtx(`a reconnecting client ${pair} ends`, async (ctx) => {
    const server = await ctx.rpc.startServer(sums, quiet);
    const client = ctx.use(
      await openReconnecting<typeof sums>(server.address, {
        ...ctx.options,
        codec: own,
      }),
    );
    const error = await assertRejects(
      () => client.remote.add(1, 2),
      ConnectionClosedError,
      remedy,
    );
    assertEquals(error.code, "codec");
    assertEquals((await client.closed).code, "codec");
    assertEquals([client.state, client.stats().connections], ["closed", 1]);
  });

  withCtx(`a client with credentials ${pair} is not connected`, async (ctx) => {
    const server = await ctx.rpc.startServer(sums, {
      ...quiet,
      authenticate: () => "Ada",
    });
    const options = {
      ...ctx.options,
      codec: own,
      credentials: "secret",
      retryForMs: Infinity,
    };
    for (const open of [openConnection, openReconnecting]) {
      const error = await assertRejects(
        () => open(server.address, options),
        ConnectError,
      );
      const { cause } = error;
      assertEquals((cause as ConnectionClosedError).code, "codec");
    }
    assertEquals(server.stats().acceptedConnections, 2);
  });
}

withPlainCtx({
  name: "a reconnecting client without TLS ends at a server with it",
  transports: ["tls"],
}, async (ctx) => {
  const server = await ctx.rpc.startServer(sums, { onError: () => {} });
  const client = ctx.use(
    await openReconnecting<typeof sums>(server.address, {
      ...ctx.options,
      tls: undefined,
    }),
  );
  const error = await assertRejects(
    () => client.remote.add(1, 2),
    ConnectionClosedError,
    "set the option 'tls'",
  );
  assertEquals(error.code, "protocol-mismatch");
  assertEquals((await client.closed).code, "protocol-mismatch");
});

withPlainCtx({
  name: "a reconnecting client with TLS ends when its server has none any more",
  transports: ["tls"],
}, async (ctx) => {
  const first = await ctx.rpc.startServer(sums);
  const client = ctx.use(
    await openReconnecting<typeof sums>(first.address, {
      ...ctx.options,
      backoff: { initialMs: 1 },
    }),
  );
  assertEquals(await client.remote.add(1, 2), 3);
  await first.close();
  ctx.use(
    await startServer(first.address, sums, {
      ...ctx.options,
      tls: undefined,
      onError: () => {},
    }),
  );
  const { code, error } = await client.closed;
  assertEquals(code, "protocol-mismatch");
  assertEquals(error instanceof ConnectError, true);
});

Deno.test("a reconnecting client ends at a web server", async () => {
  await using web = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("a page"),
  );
  const address = `tcp://127.0.0.1:${web.addr.port}`;
  await using client = await openReconnecting<typeof sums>(address);
  await assertRejects(
    () => client.remote.add(1, 2),
    ConnectionClosedError,
    "web server",
  );
  assertEquals((await client.closed).code, "protocol-mismatch");
});

import { assertEquals, assertRejects } from "@std/assert";
import { service } from "../../rpc/service/service.ts";
import { withCtx } from "../../testing/ctx.ts";
import {
  connectToParent,
  isSameSecret,
  listenForChild,
  type SpawnSetup,
} from "./_control.ts";

const setup: SpawnSetup = {
  listens: "tcp://127.0.0.1:1",
  temporaryName: "abcdef",
  parent: "local://parent",
  modules: {},
  codecName: "json",
  serializers: [],
  clock: null,
  credentials: new Uint8Array([0, 255]),
  plain: {},
  named: { authenticate: "club:authenticate" },
};

withCtx({
  name: "listenForChild serves the first connection that shows the token",
  transports: ["tcp"],
}, async (ctx) => {
  const token = "open sesame";
  const opened = Promise.withResolvers<void>();
  const server = ctx.use(
    await listenForChild<{ open(it: SpawnSetup): void }>(token, {
      onConnect: ({ remote }) => opened.resolve(remote.open(setup)),
    }),
  );
  const { address } = server;
  const received: unknown[] = [];
  const child = service({ open: (it: unknown) => void received.push(it) });
  const connect = (shown: unknown) => {
    const point = { address, token: shown as string, serializers: 0 };
    return connectToParent(point, { service: child });
  };
  const refused = async (shown: unknown) => {
    await assertRejects(
      async () => {
        await using stranger = await connect(shown);
        await (stranger.remote as { anything(): Promise<void> }).anything();
      },
      Error,
      "the token is wrong or was used before",
    );
  };
  for (const wrong of ["", "open", token.toUpperCase(), undefined, { token }]) {
    await refused(wrong);
  }
  assertEquals(server.clients.size, 0);
  const client = ctx.use(await connect(token));
  await opened.promise;
  // Binary credentials arrive unchanged, and only here.
  assertEquals(received, [setup]);
  await refused(token);
  await client.close();
  await refused(token);
});

Deno.test("isSameSecret takes the secret alone", () => {
  const secret = crypto.randomUUID();
  assertEquals(isSameSecret(secret, secret), true);
  for (let i = 0; i < secret.length; i++) {
    const other = `${secret.slice(0, i)}!${secret.slice(i + 1)}`;
    assertEquals(isSameSecret(other, secret), false);
  }
  for (
    const other of ["", secret.slice(1), `${secret}0`, null, undefined, 5, {
      length: secret.length,
      charCodeAt: () => 0,
    }]
  ) assertEquals(isSameSecret(other, secret), false);
});

import { assertEquals, assertRejects } from "@std/assert";
import { withCtx } from "../../testing/ctx.ts";
import {
  connectToParent,
  type Control,
  listenForChild,
  type SpawnSetup,
} from "./_control.ts";

const setup: SpawnSetup = {
  listens: "tcp://127.0.0.1:1",
  publicHost: null,
  parent: "local://parent",
  modules: {},
  codecName: "json",
  serializers: [],
  clock: null,
  tls: null,
  credentials: new Uint8Array([0, 255]),
  functions: [["authenticate", "club:authenticate"]],
};

withCtx({
  name: "listenForChild serves the first connection that shows the token",
  transports: ["tcp"],
}, async (ctx) => {
  const reports: unknown[] = [];
  const control: Control = {
    setup: () => setup,
    untilClosing: () => Promise.resolve(5),
    started: () => {},
    failed: (...report) => reports.push(report),
  };
  const token = "open sesame";
  const server = ctx.use(await listenForChild(control, token, () => {}));
  const { address } = server;
  const refused = async (shown: unknown) => {
    await assertRejects(
      async () => {
        const point = { address, token: shown as string };
        await using stranger = await connectToParent(point);
        await stranger.remote.setup();
      },
      Error,
      "the token is wrong or was used before",
    );
  };
  for (const wrong of ["", "open", token.toUpperCase(), undefined, { token }]) {
    await refused(wrong);
  }
  assertEquals(server.clients.size, 0);
  const child = ctx.use(await connectToParent({ address, token }));
  // Binary credentials arrive as they are.
  assertEquals(await child.remote.setup(), setup);
  assertEquals(await child.remote.untilClosing(), 5);
  await refused(token);
  await child.close();
  await refused(token);
});

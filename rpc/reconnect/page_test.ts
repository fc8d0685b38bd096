import { assertEquals } from "@std/assert";
import type { Ctx } from "../../testing/ctx_contract.ts";
import { withCtx } from "../../testing/ctx.ts";
import { startServer } from "../deno.ts";
import { service } from "../service/service.ts";
import type { ReconnectState } from "./client.ts";
import { openReconnecting } from "./deno.ts";

/** Longer than any test. */
const NEVER_MS = 1_000_000;

const one = service({ one: () => 1 });

/** Makes this thread look like a page, until the result is disposed of. */
function asPage() {
  let isOnline = true;
  const document = { visibilityState: "visible" };
  Object.defineProperty(navigator, "onLine", {
    get: () => isOnline,
    configurable: true,
  });
  Object.assign(globalThis, { document });
  return {
    setOnline(value: boolean) {
      isOnline = value;
      dispatchEvent(new Event(value ? "online" : "offline"));
    },
    setVisible(value: boolean) {
      document.visibilityState = value ? "visible" : "hidden";
      dispatchEvent(new Event("visibilitychange"));
    },
    [Symbol.dispose]() {
      Reflect.deleteProperty(navigator, "onLine");
      Reflect.deleteProperty(globalThis, "document");
    },
  };
}

/** Returns a client that has lost its connection and would wait forever. */
async function lostClient(ctx: Ctx) {
  const server = ctx.use(await startServer(ctx.address, one, ctx.options));
  const states: ReconnectState[] = [];
  const lost = Promise.withResolvers<void>();
  const client = ctx.use(
    await openReconnecting<typeof one>(server.address, {
      ...ctx.options,
      backoff: { initialMs: NEVER_MS },
      onStateChange(state) {
        states.push(state);
        lost.resolve();
      },
    }),
  );
  for (const { channel } of server.clients) await channel.close({ graceMs: 0 });
  await lost.promise;
  // The wait has begun.
  await new Promise((resolve) => setImmediate(resolve));
  return { client, states };
}

// Tests of one process run one after another, so they may change globals.
withCtx(
  "ReconnectingClient of a page tries at once when it is online again",
  async (ctx) => {
    using page = asPage();
    const { client, states } = await lostClient(ctx);
    page.setOnline(false);
    assertEquals(client.state, "offline");
    page.setOnline(true);
    assertEquals(await client.remote.one(), 1);
    page.setOnline(false);
    assertEquals(client.state, "connected");
    await client.close();
    page.setOnline(true);
    assertEquals(states, [
      ...["reconnecting", "offline", "reconnecting", "connected", "closed"],
    ]);
  },
);

withCtx(
  "ReconnectingClient of a page tries at once when it is looked at again",
  async (ctx) => {
    using page = asPage();
    const { client, states } = await lostClient(ctx);
    page.setVisible(false);
    await new Promise((resolve) => setImmediate(resolve));
    assertEquals(client.stats().connections, 1);
    page.setVisible(true);
    assertEquals(await client.remote.one(), 1);
    assertEquals(states, ["reconnecting", "connected"]);
  },
);

withCtx(
  "ReconnectingClient of a page does not wait once it is closed",
  async (ctx) => {
    using _page = asPage();
    const { client, states } = await lostClient(ctx);
    await client.close();
    assertEquals(states, ["reconnecting", "closed"]);
  },
);

withCtx(
  "ReconnectingClient of a page asks its server at once when it is looked at again",
  async (ctx) => {
    using page = asPage();
    const server = ctx.use(await startServer(ctx.address, one, ctx.options));
    const client = ctx.use(
      await openReconnecting<typeof one>(server.address, ctx.options),
    );
    await client.remote.one();
    const { framesIn } = client.stats().total;
    page.setVisible(true);
    // Waits for the answer to a ping, which a heartbeat would send only later.
    while (client.stats().total.framesIn === framesIn) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  },
);

import { assertEquals } from "@std/assert";
import { bundle } from "../../dev/fixtures/browsers/bundle.ts";
import {
  type Browser,
  type Page,
  testInBrowsers,
} from "../../dev/fixtures/browsers/mod.ts";
import { webSocketDoor } from "../../transports/websocket/door.ts";
import { startServer } from "../deno.ts";
import type { RpcClient } from "../rpc_client.ts";
import { PageServer } from "../fixtures/page_server.ts";

/** The script of the page. */
const SCRIPT = new URL("../fixtures/page.ts", import.meta.url);

const MAX_FRAME_BYTES = 17 * 1_024 * 1_024;

const PAGE =
  '<!doctype html><title>The page</title><script type="module" src="/page.js"></script>';

/** Starts an RPC server behind a web server with the page. */
async function startPages(script: Uint8Array<ArrayBuffer>) {
  PageServer.ended.length = 0;
  const door = webSocketDoor();
  const rpc = await startServer(
    door.address,
    (client: RpcClient<{ title(): string }>) => new PageServer(client),
    {
      transports: [door],
      heartbeatMs: 200,
      limits: { frames: { maxBytes: MAX_FRAME_BYTES } },
      onError: () => {},
    },
  );
  const web = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request, info) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/page.js") {
        const headers = { "content-type": "text/javascript" };
        return new Response(script, { headers });
      }
      const headers = { "content-type": "text/html" };
      return door.upgrade(request, info) ?? new Response(PAGE, { headers });
    },
  );
  return {
    rpc,
    address: `http://127.0.0.1:${web.addr.port}`,
    async [Symbol.asyncDispose]() {
      await rpc.close({ graceMs: 0 });
      await web.shutdown();
    },
  };
}

/** Registers a test with a page that has loaded its script. */
function withPage(
  name: string,
  fn: (
    page: Page,
    server: Awaited<ReturnType<typeof startPages>>,
    rest: { script: Uint8Array<ArrayBuffer>; browser: Browser },
  ) => Promise<void>,
): void {
  testInBrowsers(name, async (browser) => {
    const script = await bundle(SCRIPT);
    await using server = await startPages(script);
    const page = await browser.newPage();
    await page.open(server.address, "globalThis.isReady");
    await fn(page, server, { script, browser });
  });
}

/** Resolves once `condition` holds; the test's time limit applies. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

withPage(
  "calls go both ways, with streams and cancellation",
  async (page, { rpc }) => {
    await page.evaluate("open()");
    assertEquals(await page.evaluate("add()"), 3);
    assertEquals(await page.evaluate("plain()"), 3);
    assertEquals(await page.evaluate("backwards()"), "The page");
    assertEquals(await page.evaluate("callback()"), 42);
    assertEquals(await page.evaluate("total()"), 500_500);
    assertEquals(await page.evaluate("fail()"), ["RemoteError", "refused"]);
    assertEquals(await page.evaluate("firstThree()"), [1, 2, 3]);
    await until(() => PageServer.ended.includes("count"));
    assertEquals(await page.evaluate("cancel()"), "AbortError");
    await until(() => PageServer.ended.includes("sleep"));
    assertEquals(await page.evaluate("large()"), true);
    await page.evaluate("close()");
    await until(() => rpc.clients.size === 0);
  },
);

withPage("reloads leave nothing behind", async (page, { rpc }) => {
  for (let round = 0; round < 50; round++) {
    await page.evaluate("open()");
    await page.evaluate("hang()");
    assertEquals(await page.evaluate("add()"), 3);
    await page.reload("globalThis.isReady");
  }
  await until(() => rpc.clients.size === 0);
  const { channels, pendingCalls, unansweredRequests } = rpc.stats();
  assertEquals([channels, pendingCalls, unansweredRequests], [0, 0, 0]);
  assertEquals(PageServer.ended.filter((it) => it === "sleep").length, 50);
});

withPage(
  "a browser that is killed ends its calls and streams",
  async (page, { rpc }, { browser }) => {
    await page.evaluate("open()");
    await page.evaluate("hang()");
    assertEquals(await page.evaluate("add()"), 3);
    await browser.kill();
    await until(() => rpc.clients.size === 0);
    await until(() => PageServer.ended.length === 2);
    assertEquals(PageServer.ended.toSorted(), ["count", "sleep"]);
  },
);

withPage(
  "a page of another origin is refused",
  async (page, { address }, { script }) => {
    await using other = await startPages(script);
    const to = other.address.replace("http", "ws");
    assertEquals(await page.evaluate(`refusal("${to}")`), "ConnectError");
    // The same page, with another host name for the same address.
    const named = address.replace("127.0.0.1", "localhost").replace(
      "http",
      "ws",
    );
    assertEquals(await page.evaluate(`refusal("${named}")`), "ConnectError");
    await page.evaluate("open()");
    assertEquals(await page.evaluate("add()"), 3);
    assertEquals(other.rpc.stats().acceptedConnections, 0);
  },
);

withPage(
  "a lost connection is made anew when the page is online, or looked at",
  async (page, { rpc }) => {
    const cut = async () => {
      for (const { channel } of rpc.clients) {
        await channel.close({ graceMs: 0 });
      }
      await page.until(`states.at(-1) === "reconnecting"`);
    };
    assertEquals(await page.evaluate("reconnecting()"), 7);
    await cut();
    await page.setOnline(false);
    await page.until(`states.at(-1) === "offline"`);
    await page.setOnline(true);
    assertEquals(await page.evaluate("addAgain()"), 7);
    await cut();
    await page.evaluate(
      `document.dispatchEvent(new Event("visibilitychange", { bubbles: true }))`,
    );
    assertEquals(await page.evaluate("addAgain()"), 7);
    assertEquals(await page.evaluate("states"), [
      ...["reconnecting", "offline", "reconnecting", "connected"],
      ...["reconnecting", "connected"],
    ]);
  },
);

import { assertEquals } from "@std/assert";
import { bundle } from "../../dev/fixtures/browsers/bundle.ts";
import { testInBrowsers } from "../../dev/fixtures/browsers/mod.ts";

const PAGE =
  '<!doctype html><title>The page</title><body><script type="module" src="/ports_page.js"></script>';
const FRAME =
  '<!doctype html><title>The frame</title><script type="module" src="/ports_peer.js"></script>';

testInBrowsers(
  "a page calls a Worker and an iframe over message ports",
  async (browser) => {
    const folder = new URL("../fixtures/page/", import.meta.url);
    const replies = new Map<string, readonly [string, BodyInit]>([
      ["/", ["text/html", PAGE]],
      ["/frame", ["text/html", FRAME]],
    ]);
    for (const name of ["ports_page", "ports_peer"]) {
      const script = await bundle(new URL(`${name}.ts`, folder));
      replies.set(`/${name}.js`, ["text/javascript", script]);
    }
    await using web = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => {
        const [type, body] = replies.get(new URL(request.url).pathname) ?? [];
        if (type === undefined) return new Response(null, { status: 404 });
        return new Response(body!, { headers: { "content-type": type } });
      },
    );
    const page = await browser.newPage();
    await page.open(`http://127.0.0.1:${web.addr.port}/`, "globalThis.isReady");
    for (
      const [act, place] of [
        ["callWorker()", "Worker"],
        ["callFrame()", "The frame"],
      ] as const
    ) {
      const [...results] = await page.evaluate<unknown[]>(act);
      const steps = [24, 25, 26, 27, 28, 29];
      assertEquals(results.slice(0, -1), [
        ...[place, 29, steps, [2, 3, 5, 7], 1_000_000],
      ]);
      // The other side is gone, and the heartbeat has noticed.
      assertEquals(results.at(-1), "error");
    }
  },
);

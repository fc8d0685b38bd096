import { assertEquals } from "@std/assert";
import { bundle } from "../../dev/fixtures/browsers/bundle.ts";
import { testInBrowsers } from "../../dev/fixtures/browsers/mod.ts";
import { keep } from "../../rpc/options.ts";
import type { Remote } from "../../rpc/remote.ts";
import { expose } from "../../rpc/service/expose.ts";
import {
  type WebSocketDoor,
  webSocketDoor,
} from "../../transports/websocket/door.ts";
import { Agent } from "../agent.ts";
import { Container } from "../container.ts";

const SCRIPT = new URL("../fixtures/page_agents.ts", import.meta.url);
const PAGE =
  '<!doctype html><title>A page</title><script type="module" src="/page.js"></script>';

/** An agent of a page. */
interface Guest {
  ask(question: string): string;
}

/** An agent of the server, which calls the agents of pages. */
export class Hall extends Agent {
  readonly guests: Remote<Guest>[] = [];

  @expose
  async enter(guest: Guest | Remote<Guest>): Promise<string> {
    this.guests.push(keep(guest as Remote<Guest>));
    return await guest.ask("On entering");
  }
}

testInBrowsers(
  "agents in a page are called by those of a server",
  async (browser) => {
    const script = await bundle(SCRIPT);
    let door: WebSocketDoor | null = null;
    const web = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request, info) => {
        if (request.url.endsWith("/page.js")) {
          const headers = { "content-type": "text/javascript" };
          return new Response(script, { headers });
        }
        const headers = { "content-type": "text/html" };
        return door?.upgrade(request, info) ?? new Response(PAGE, { headers });
      },
    );
    const { port } = web.addr;
    door = webSocketDoor({ address: `ws://127.0.0.1:${port}/agents` });
    const container = await Container.create(door.address, {
      transports: [door],
    });
    const hall = await container.spawn(Hall);
    const page = await browser.newPage();
    await page.open(`http://127.0.0.1:${port}/`, "globalThis.isReady");
    const entering = await page.evaluate(`join("${hall.address}")`);
    assertEquals(entering, "On entering 1: A page");
    assertEquals(await hall.guests[0]!.ask("Later"), "Later 2: A page");
    await page.evaluate("leave()");
    while (container.stats().clients > 0) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await container.close();
    await web.shutdown();
  },
);

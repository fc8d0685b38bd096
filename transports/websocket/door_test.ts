import {
  assertEquals,
  assertMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";
import type { UnknownPeer } from "../../rpc/authenticate.ts";
import { openConnection, startServer } from "../../rpc/deno.ts";
import { service } from "../../rpc/service/service.ts";
import { testTransport } from "../../testing/transport_suite/transport_suite.ts";
import { AddressInUseError, ConnectError } from "../errors.ts";
import { webSockets } from "./browser.ts";
import { type WebSocketDoor, webSocketDoor } from "./door.ts";
import { asFrames } from "./fixtures/as_frames.ts";
import { behindDoor } from "./fixtures/behind_door.ts";
import { RawPeer } from "./fixtures/raw_peer.ts";
import { ws } from "./ws.ts";

const place = () => ({ address: "ws://127.0.0.1:0" });
const skip = {
  addresses: "a page cannot tell its port, nor a door that of its server",
  listenerClose: "an HTTP server that closes cuts its WebSockets",
};
const [native] = webSockets();
const [nativeText] = webSockets({ text: true });

testTransport(behindDoor(ws()), { name: "door", place, skip });
testTransport(behindDoor(native!), {
  name: "door, client of the platform",
  place,
  skip,
});
testTransport(asFrames(behindDoor(nativeText!)), {
  name: "door, client of the platform in text",
  place,
  skip,
});

const greeter = service({ greet: (name: string) => `Hello, ${name}` });

/** Starts an HTTP server with a door, which answers `a page` otherwise. */
function serve(door: WebSocketDoor) {
  const web = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request, info) => door.upgrade(request, info) ?? new Response("a page"),
  );
  const { port } = web.addr;
  return {
    address: `ws://127.0.0.1:${port}/rpc`,
    [Symbol.asyncDispose]: () => web.shutdown(),
  };
}

const REQUESTS: readonly [
  what: string,
  status: number,
  headers: Readonly<Record<string, string | null>>,
][] = [
  ["what it should be", 101, {}],
  ["another protocol", 400, { "Sec-WebSocket-Protocol": "graphql-ws" }],
  ["a page of another origin", 403, { Origin: "https://evil.example" }],
  ["an old version", 426, { "Sec-WebSocket-Version": "8" }],
];

for (const [what, status, headers] of REQUESTS) {
  Deno.test(`webSocketDoor answers ${what} with ${status}`, async () => {
    const door = webSocketDoor();
    await using rpc = await startServer(door.address, greeter, {
      transports: [door],
    });
    await using web = serve(door);
    {
      using peer = await RawPeer.connect(web.address);
      assertMatch(await peer.ask(headers), new RegExp(`^HTTP/1.1 ${status} `));
    }
    await rpc.close();
  });
}

Deno.test("webSocketDoor leaves other requests to the server", async () => {
  await using web = serve(webSocketDoor());
  const response = await fetch(web.address.replace("ws", "http"));
  assertEquals([response.status, await response.text()], [200, "a page"]);
});

Deno.test("webSocketDoor answers 503 before and after its server, and opens again", async () => {
  const door = webSocketDoor();
  await using web = serve(door);
  const options = { transports: [ws()] };
  const isClosed = () =>
    assertRejects(
      () => openConnection(web.address, options),
      ConnectError,
      "503",
    );
  await isClosed();
  for (let round = 0; round < 2; round++) {
    await using rpc = await startServer(door.address, greeter, {
      transports: [door],
    });
    await assertRejects(
      () => startServer(door.address, greeter, { transports: [door] }),
      AddressInUseError,
    );
    const client = await openConnection<typeof greeter>(web.address, options);
    assertEquals(await client.remote.greet("Ada"), "Hello, Ada");
    await rpc.close();
    await client.closed;
    await isClosed();
  }
});

Deno.test("webSocketDoor hands the request and the client's address on", async () => {
  const seen: UnknownPeer[] = [];
  const door = webSocketDoor({ origins: ["https://app.example"] });
  await using rpc = await startServer(door.address, greeter, {
    transports: [door],
    authenticate: (_credentials, peer) => {
      seen.push(peer);
      return peer.request?.cookies.get("sid") ?? "nobody";
    },
  });
  await using web = serve(door);
  const headers = { cookie: "sid=abc", origin: "https://app.example" };
  const client = await openConnection<typeof greeter>(`${web.address}?a=1`, {
    transports: [ws({ headers })],
  });
  assertEquals(await client.remote.greet("Ada"), "Hello, Ada");
  const [{ request, remoteAddress }] = seen as [UnknownPeer];
  assertEquals(request!.target, "/rpc?a=1");
  assertEquals(request!.headers.get("origin"), "https://app.example");
  assertMatch(remoteAddress, /^ws:\/\/127\.0\.0\.1:\d+$/);
  await client.close();
  await rpc.close();
});

Deno.test("webSocketDoor refuses other addresses, and to connect", async () => {
  const door = webSocketDoor({ address: "wss://app.example/rpc" });
  assertEquals([door.scheme, door.address], ["wss", "wss://app.example/rpc"]);
  const options = { transports: [door] };
  await assertRejects(
    () => startServer("wss://other.example", greeter, options),
    TypeError,
  );
  await assertRejects(() => openConnection(door.address, options), TypeError);
  assertThrows(() => webSocketDoor({ origins: ["app.example"] }), TypeError);
});

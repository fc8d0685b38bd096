import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { json } from "../../channel/codecs/json/json.ts";
import { startServer as startChannelServer } from "../../channel/deno.ts";
import { openConnection, startServer } from "../../rpc/deno.ts";
import type { UnknownPeer } from "../../rpc/authenticate.ts";
import { service } from "../../rpc/service/service.ts";
import { createTestAuthority } from "../../testing/certificates/certificates.ts";
import { testTransport } from "../../testing/transport_suite/transport_suite.ts";
import { ConnectError, HandshakeError } from "../errors.ts";
import { tcp } from "../tcp.ts";
import { OPCODE } from "./_frames.ts";
import { asFrames } from "./fixtures/as_frames.ts";
import { RawPeer } from "./fixtures/raw_peer.ts";
import { ws, wss } from "./ws.ts";

const authority = await createTestAuthority();
const tls = { ...await authority.issue(), caCerts: authority.caCert };
const LOOPBACK = "ws://127.0.0.1:0";
const place = () => ({ address: LOOPBACK });

testTransport(ws(), { place });
testTransport(asFrames(ws({ text: true })), { name: "ws in text", place });
testTransport(wss({ tls }), {
  place: () => ({ address: "wss://127.0.0.1:0" }),
});

const greeter = service({ greet: (name: string) => `Hello, ${name}` });
const transports = [ws()];

/** A server whose methods nobody calls, with its reports. */
async function startQuiet() {
  const errors: unknown[] = [];
  const server = await startServer(LOOPBACK, greeter, {
    transports,
    onError: (error) => void errors.push(error),
  });
  return { server, errors, [Symbol.asyncDispose]: () => server.close() };
}

const REQUESTS: readonly [
  what: string,
  status: number,
  headers: Readonly<Record<string, string | null>>,
  line?: string,
][] = [
  ["what it should be", 101, {}],
  ["upper case", 101, { Upgrade: "WebSocket", Connection: "UPGRADE" }],
  ["one protocol of several", 101, {
    "Sec-WebSocket-Protocol": "chat, denomas.1+json",
  }],
  ["a page of its own origin", 101, { Origin: "http://app.example" }],
  ["a page of another origin", 403, { Origin: "https://evil.example" }],
  ["no upgrade", 426, { Upgrade: null, Connection: null }],
  ["another upgrade", 426, { Upgrade: "h2c" }],
  ["an old version", 426, { "Sec-WebSocket-Version": "8" }],
  ["no version", 426, { "Sec-WebSocket-Version": null }],
  ["no key", 400, { "Sec-WebSocket-Key": null }],
  ["a short key", 400, { "Sec-WebSocket-Key": "c2hvcnQ=" }],
  ["no host", 400, { Host: null }],
  ["no connection to upgrade", 400, { Connection: "close" }],
  ["no protocol", 400, { "Sec-WebSocket-Protocol": null }],
  ["another protocol", 400, { "Sec-WebSocket-Protocol": "graphql-ws" }],
  ["a POST", 400, {}, "POST /rpc HTTP/1.1"],
];

for (const [what, status, headers, line] of REQUESTS) {
  Deno.test(`ws answers ${what} with ${status}`, async () => {
    await using quiet = await startQuiet();
    using peer = await RawPeer.connect(quiet.server.address);
    const head = await peer.ask(headers, line);
    assertMatch(head, new RegExp(`^HTTP/1\\.1 ${status} `));
    if (status === 101) {
      // The example of RFC 6455, 1.3.
      assertStringIncludes(head, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
      const protocol = headers["Sec-WebSocket-Protocol"]?.split(", ")[1];
      assertStringIncludes(
        head,
        `Sec-WebSocket-Protocol: ${protocol ?? "denomas.1"}\r\n`,
      );
      return;
    }
    assertMatch(head, /connection: (close|Upgrade)/);
    await peer.rest();
    const [error] = quiet.errors;
    assertInstanceOf(error, HandshakeError);
    assertEquals([error.by, error.code], ["local", "protocol"]);
  });
}

for (
  const bytes of ["GET / HTTP/1.1\r\nno header\r\n\r\n", "\x16\x03\x01\r\n\r\n"]
) {
  Deno.test(`ws answers ${JSON.stringify(bytes)} with 4xx`, async () => {
    await using quiet = await startQuiet();
    using peer = await RawPeer.connect(quiet.server.address);
    await peer.write(new TextEncoder().encode(bytes));
    assertMatch(await peer.head(), /^HTTP\/1\.1 4/);
  });
}

Deno.test("ws gives up a head that is too long, and one that never ends", async () => {
  const errors: unknown[] = [];
  await using server = await startServer(LOOPBACK, greeter, {
    transports,
    limits: { handshakes: { timeoutMs: 50 } },
    onError: (error) => void errors.push(error),
  });
  using long = await RawPeer.connect(server.address);
  const line = "x".repeat(20_000);
  await long.write(new TextEncoder().encode(line)).catch(() => {});
  await long.rest();
  using slow = await RawPeer.connect(server.address);
  await slow.write(new TextEncoder().encode("GET / HTTP/1.1\r\n"));
  assertEquals(await slow.rest(), new Uint8Array(0));
  assertEquals(errors.length, 2);
  assertEquals(server.stats().failedHandshakes, 2);
});

Deno.test("ws hands the request to 'authenticate'", async () => {
  const seen: UnknownPeer[] = [];
  await using server = await startServer(LOOPBACK, greeter, {
    transports,
    authenticate: (_credentials, peer) => {
      seen.push(peer);
      return "ada";
    },
  });
  const headers = { cookie: "sid=abc; theme=dark; sid=later", "x-app": "1" };
  await using client = await openConnection<typeof greeter>(
    `${server.address}/rpc?room=hall`,
    { transports: [ws({ headers })] },
  );
  assertEquals(await client.remote.greet("Ada"), "Hello, Ada");
  const { request, remoteAddress } = seen[0]!;
  assertEquals(request!.target, "/rpc?room=hall");
  assertEquals(request!.headers.get("x-app"), "1");
  assertEquals([...request!.cookies], [["sid", "abc"], ["theme", "dark"]]);
  assertMatch(remoteAddress, /^ws:\/\/127\.0\.0\.1:\d+$/);
});

Deno.test("ws tells a client why it was refused", async () => {
  await using quiet = await startQuiet();
  const headers = { origin: "https://evil.example" };
  const error = await assertRejects(
    () =>
      openConnection(quiet.server.address, { transports: [ws({ headers })] }),
    ConnectError,
    "403 Forbidden': Pages of this origin may not connect",
  );
  assertEquals(error.address, quiet.server.address);
});

Deno.test("ws refuses servers that are none of denomas", async () => {
  const answers: [string, string][] = [
    ["HTTP/1.1 404 Not Found\r\n\r\nno such page\n", "404 Not Found': no such"],
    ["HTTP/1.0 101 Switching Protocols\r\n\r\n", "HTTP/1.1"],
    ["HTTP/1.1 101 Switching Protocols\r\n\r\n", "no WebSocket handshake"],
    ["SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/1.1"],
    ["", "no WebSocket handshake"],
  ];
  for (const [answer, why] of answers) {
    const listener = await tcp().listen("tcp://127.0.0.1:0", async (it) => {
      await it.stream.read(new Uint8Array(4_096));
      if (answer !== "") {
        await it.stream.write(new TextEncoder().encode(answer));
      }
      it.stream.close();
    });
    const address = listener.address.replace("tcp", "ws");
    await assertRejects(
      () => openConnection(address, { transports }),
      ConnectError,
      why,
    );
    await listener.close();
  }
});

Deno.test("ws answers pings, also within a message, and ends with a close frame", async () => {
  await using quiet = await startQuiet();
  using peer = await RawPeer.connect(quiet.server.address);
  await peer.ask();
  await peer.send(new Uint8Array([1, 2, 3]), OPCODE.ping);
  await peer.sendClose(1_000);
  // A server does not mask: its hello, the pong, its close frame.
  const bytes = await peer.rest();
  assertStringIncludes(latin1(bytes), "\x8a\x03\x01\x02\x03");
  assert(latin1(bytes).endsWith("\x88\x02\x03\xe8"));
});

Deno.test("ws closes with the code of the fault", async () => {
  const faults: [number, (peer: RawPeer) => Promise<void>][] = [
    [1_002, (peer) => peer.write(new Uint8Array([0x82, 0x01, 7]))],
    [1_003, (peer) => peer.send(new Uint8Array([7]), OPCODE.text)],
    [
      1_009,
      (peer) =>
        peer.write(
          new Uint8Array([0x82, 0xff, 0, 0, 0, 9, 0, 0, 0, 0, 1, 2, 3, 4]),
        ),
    ],
  ];
  for (const [code, send] of faults) {
    await using quiet = await startQuiet();
    using peer = await RawPeer.connect(quiet.server.address);
    await peer.ask();
    await send(peer);
    const bytes = await peer.rest();
    const end = `\x88\x02${String.fromCharCode(code >> 8, code & 0xff)}`;
    assert(latin1(bytes).endsWith(end), `${code}: ${bytes.slice(-8)}`);
    assertEquals(quiet.errors.length, 1);
  }
});

Deno.test("ws refuses text that is no UTF-8 with 1007", async () => {
  await using quiet = await startQuiet();
  using peer = await RawPeer.connect(quiet.server.address);
  await peer.ask({ "Sec-WebSocket-Protocol": "denomas.1+json" });
  await peer.send(new Uint8Array([0xff]), OPCODE.text);
  assert(latin1(await peer.rest()).endsWith("\x88\x02\x03\xef"));
});

Deno.test("ws speaks one JSON message a frame to those who ask for text", async () => {
  await using quiet = await startQuiet();
  using peer = await RawPeer.connect(quiet.server.address);
  await peer.ask({ "Sec-WebSocket-Protocol": "denomas.1+json" });
  const text = '[0,0,["greet",["Ada"],{}]]';
  await peer.send(new TextEncoder().encode(text), OPCODE.text);
  await peer.sendClose(1_000);
  assertStringIncludes(latin1(await peer.rest()), '[1,0,"Hello, Ada"]');
});

Deno.test("ws holds no more of a message than the limit, however it is cut", async () => {
  const reasons: unknown[] = [];
  await using server = await startChannelServer(LOOPBACK, (channel) => {
    channel.closed.then((reason) => reasons.push(reason.code));
  }, {
    transports,
    codec: json(),
    limits: { frames: { maxBytes: 2 ** 20 } },
    onError: () => {},
  });
  for (const limited of ["a message", "frames"]) {
    using peer = await RawPeer.connect(server.address);
    await peer.ask();
    const megabyte = new Uint8Array(2 ** 20);
    // The header of a frame of 16 MiB, which the limit of frames refuses.
    if (limited === "frames") megabyte.set([1, 0, 0, 0]);
    const before = Deno.memoryUsage().rss;
    let sent = 0;
    try {
      for (; sent < 400; sent++) {
        const fragment = new Uint8Array(14 + megabyte.length);
        // A first fragment, or a continuation, masked with zeros.
        fragment.set([sent === 0 ? 0x02 : 0x00, 0xff, 0, 0, 0, 0, 0, 16, 0, 0]);
        fragment.set(megabyte, 14);
        await peer.write(fragment);
      }
    } catch {
      // The connection has been closed.
    }
    assert(sent < 400, "all was taken");
    const grown = Deno.memoryUsage().rss - before;
    assert(grown < 64 * 2 ** 20, `${grown} bytes more`);
  }
});

Deno.test("ws carries calls over TLS, with the names in certificates", async () => {
  const names: (string | null)[] = [];
  await using server = await startServer("wss://127.0.0.1:0", greeter, {
    transports: [wss({ tls })],
    onConnect: ({ channel }) => void names.push(channel.peerName),
  });
  await using client = await openConnection<typeof greeter>(server.address, {
    transports: [wss({ tls })],
  });
  assertEquals(await client.remote.greet("Ada"), "Hello, Ada");
  assertEquals([client.channel.peerName, ...names], ["test", "test"]);
});

function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

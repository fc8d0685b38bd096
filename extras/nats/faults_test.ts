import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  type Authenticator,
  connect as connectNats,
  nkeyAuthenticator,
  nkeys,
} from "@nats-io/transport-node";
import { ConnectionClosedError } from "../../channel/errors.ts";
import { openConnection, startServer } from "../../rpc/deno.ts";
import { openReconnecting } from "../../rpc/reconnect/deno.ts";
import { call } from "../../rpc/call.ts";
import { method } from "../../rpc/service/method.ts";
import { service } from "../../rpc/service/service.ts";
import { AddressInUseError, ConnectError } from "../../transports/errors.ts";
import { createTestAuthority } from "../../testing/certificates/certificates.ts";
import { startProcess } from "../../transports/fixtures/start_process.ts";
import type { patient } from "./fixtures/peer_process.ts";
import {
  missingNats,
  natsPrograms,
  NatsServer,
  testWithNats,
} from "./fixtures/server.ts";
import type { NatsConnectionOptions } from "./options.ts";
import { natsTransport } from "./transport.ts";

const USER = nkeys.createUser();

Deno.test("an error says which NATS server cannot be used, and why", async () => {
  const transport = natsTransport();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const server = `127.0.0.1:${listener.addr.port}`;
  const address = `nats://${server}/x`;
  const attempts = [
    () => transport.connect(address),
    () => transport.listen(address, () => {}),
  ];
  const refuse = async () => {
    using conn = await listener.accept();
    await conn.write(new TextEncoder().encode("HTTP/1.1 400\r\n"));
  };
  for (const attempt of attempts) {
    const [{ message }] = await Promise.all([
      assertRejects(attempt, ConnectError),
      refuse(),
    ]);
    assertStringIncludes(message, `'${server}': it is no NATS server`);
  }
  listener.close();
  for (const attempt of attempts) {
    const { message } = await assertRejects(attempt, ConnectError);
    assertStringIncludes(
      message,
      `NATS server '${server}': connection refused`,
    );
  }
});

testWithNats(
  "natsTransport proves who it is by an authenticator",
  async ({ url }) => {
    const listen = (authenticator?: Authenticator) =>
      startServer(`${url}/a`, greeter, {
        transports: [
          natsTransport({
            connection: authenticator === undefined ? {} : { authenticator },
          }),
        ],
      });
    const stranger = nkeyAuthenticator(nkeys.createUser().getSeed());
    await assertRejects(() => listen(stranger), ConnectError, "Authorization");
    await assertRejects(() => listen(), ConnectError, "Authorization");
    await using rpc = await listen(nkeyAuthenticator(USER.getSeed()));
    assertEquals(rpc.address, `${url}/a`);
  },
  { config: `authorization { users = [ { nkey: ${USER.getPublicKey()} } ] }` },
);

/**
 * Registers a test with a server that requires TLS, and its certificate
 * authority.
 */
function testOverTls(
  name: string,
  fn: (url: string, ca: string) => Promise<void>,
): void {
  if (missingNats !== null) {
    return Deno.test.ignore(`${name} (left out: ${missingNats})`, () => {});
  }
  Deno.test(name, async () => {
    const authority = await createTestAuthority();
    const { cert, key } = await authority.issue();
    const folder = await Deno.makeTempDir();
    await Deno.writeTextFile(`${folder}/cert`, cert);
    await Deno.writeTextFile(`${folder}/key`, key);
    const files = `cert_file: "${folder}/cert", key_file: "${folder}/key"`;
    await using server = await NatsServer.start({
      config: `tls: { ${files} }`,
    });
    await fn(server.url, authority.caCert);
    await Deno.remove(folder, { recursive: true });
  });
}

const PEER = new URL("fixtures/peer_process.ts", import.meta.url).href;

const greeter = service({ greet: (name: string) => `Hello, ${name}` });

/** Returns the duration of `work`, in milliseconds. */
async function timed(work: Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work;
  return performance.now() - start;
}

testWithNats(
  "a killed process is noticed by who waits for it and sends nothing",
  async ({ url }) => {
    await using peer = await startProcess(PEER, `${url}/peer`);
    const transports = [natsTransport({ probeMs: 100 })];
    await using client = await openConnection<typeof patient>(peer.line, {
      transports,
      heartbeatMs: Infinity,
    });
    const pending = assertRejects(
      () => client.remote.never(),
      ConnectionClosedError,
    );
    await client.remote.pid();
    await peer.kill();
    const ms = await timed(pending);
    assertEquals((await pending).sent, true);
    const { code, error } = await client.closed;
    assertEquals(code, "lost");
    assertEquals(
      (error as Error).message,
      "Cannot go on with NATS stream: its peer is gone",
    );
    // Twice the probe interval would be enough on an idle machine.
    assert(ms < 2_000, `${ms} ms`);
  },
);

testWithNats(
  "a NATS server that is killed ends connections at once, and calls on them",
  async (server) => {
    const errors: unknown[] = [];
    const transports = [natsTransport()];
    const onError = (error: unknown) => void errors.push(error);
    const never = service({ never: () => new Promise<void>(() => {}) });
    await using rpc = await startServer(`${server.url}/a`, never, {
      transports,
      onError,
    });
    await using client = await openConnection<typeof never>(rpc.address, {
      transports,
    });
    const pending = assertRejects(
      () => client.remote.never(),
      ConnectionClosedError,
    );
    await client.channel.drained();
    await server.kill();
    assertEquals((await pending).sent, true);
    assertEquals((await client.closed).code, "lost");
    await assertRejects(
      () => openConnection(rpc.address, { transports }),
      ConnectError,
    );
    const [error, ...more] = errors;
    assertEquals(more, []);
    assert((error as Error).message.includes("trying again"), `${error}`);
  },
);

testWithNats(
  "a listener and a reconnecting client survive a NATS server that restarts",
  async (server) => {
    const transports = [natsTransport()];
    const ran: number[] = [];
    const work = service({
      pid: method({ idempotent: true }, (n: number) => {
        ran.push(n);
        return Deno.pid;
      }),
      once: (n: number) => void ran.push(n),
    });
    await using rpc = await startServer(`${server.url}/work`, work, {
      transports,
      onError: () => {},
    });
    await using client = await openReconnecting<typeof work>(rpc.address, {
      transports,
      backoff: { initialMs: 1, maxMs: 50 },
      onError: () => {},
    });
    for (let round = 0; round < 3; round++) {
      await client.remote.once(round);
      await server.kill();
      const waiting = client.remote.pid(100 + round);
      await server.restart();
      assertEquals(await waiting, Deno.pid);
    }
    assertEquals(ran, [0, 100, 1, 101, 2, 102]);
    assertEquals(rpc.address, `${server.url}/work`);
  },
);

testWithNats(
  "a NATS server that stops for a while loses nothing",
  async (server) => {
    const transports = [natsTransport()];
    const seen: number[] = [];
    const counter = service({ count: (n: number) => void seen.push(n) });
    await using rpc = await startServer(`${server.url}/a`, counter, {
      transports,
    });
    await using client = await openConnection<typeof counter>(rpc.address, {
      transports,
    });
    server.signal("SIGSTOP");
    const calls = Array.from(
      { length: 1_000 },
      (_, n) => client.remote.count(n),
    );
    server.signal("SIGCONT");
    await Promise.all(calls);
    assertEquals(
      seen,
      Array.from({ length: 1_000 }, (_, n) => n),
    );
  },
);

testWithNats(
  "a second server at a name is refused, also one of another process",
  async ({ url }) => {
    await using peer = await startProcess(PEER, `${url}/name`);
    const transports = [natsTransport()];
    const listen = (address: string) =>
      startServer(address, greeter, { transports });
    const error = await assertRejects(
      () => listen(peer.line),
      AddressInUseError,
    );
    assertEquals(error.address, peer.line);
    await using other = await listen(`${url}/other`);
    await assertRejects(() => listen(other.address), AddressInUseError);
    // The name of a dead process is free.
    await peer.kill();
    await using next = await listen(peer.line);
    assertEquals(next.address, peer.line);
  },
);

testWithNats(
  "a process ends by itself once its listeners and connections are closed",
  async ({ url }) => {
    await using peer = await startProcess(PEER, `${url}/a`, "once");
    assertEquals(await peer.code, 0);
  },
);

testWithNats(
  "a process ends by itself where nothing but unref things is open",
  async ({ url }) => {
    await using peer = await startProcess(PEER, `${url}/a`, "unref");
    assertEquals(await peer.code, 0);
  },
);

testWithNats(
  "large content passes a NATS server with a small max_payload",
  async ({ url }) => {
    const transports = [natsTransport()];
    const echo = service({ echo: (text: string) => text });
    await using rpc = await startServer(`${url}/a`, echo, { transports });
    await using client = await openConnection<typeof echo>(rpc.address, {
      transports,
    });
    const text = "x".repeat(1_000_000);
    assertStrictEquals(await client.remote.echo(text), text);
  },
  { config: "max_payload: 1024" },
);

testWithNats(
  "natsTransport shows what a NATS server asks for",
  async ({ url }) => {
    const listen = (token?: string) =>
      startServer(`${url}/a`, greeter, {
        transports: [
          natsTransport({ connection: token === undefined ? {} : { token } }),
        ],
      });
    await assertRejects(() => listen(), ConnectError);
    await assertRejects(() => listen("wrong"), ConnectError);
    await using rpc = await listen("s3cret");
    assertEquals(rpc.address, `${url}/a`);
  },
  { config: "authorization: { token: s3cret }" },
);

testOverTls(
  "natsTransport speaks TLS with a server that demands it, and verifies it",
  async (url, ca) => {
    const using = (tls?: NatsConnectionOptions["tls"]) => ({
      transports: [
        natsTransport({ connection: tls === undefined ? {} : { tls } }),
      ],
    });
    await using rpc = await startServer(`${url}/a`, greeter, using({ ca }));
    await using client = await openConnection<typeof greeter>(
      rpc.address,
      using({ ca }),
    );
    assertEquals(await client.remote.greet("Ada"), "Hello, Ada");
    // Deno does not trust the server's certificate authority.
    for (const tls of [undefined, {}, null]) {
      await assertRejects(
        () => openConnection(rpc.address, using(tls)),
        ConnectError,
      );
    }
  },
);

const PERMISSIONS = `authorization { users = [
  { user: server, password: s, permissions: {
    publish: ["denomas.connect.*", "_INBOX_client.>", "_INBOX_server.>"],
    subscribe: ["denomas.connect.market", "_INBOX_server.>"] } },
  { user: client, password: c, permissions: {
    publish: ["denomas.connect.market", "_INBOX_server.>"],
    subscribe: ["_INBOX_client.>"] } } ] }`;

testWithNats(
  "natsTransport needs no more permissions than the guide says, and tells which it lacks",
  async ({ url }) => {
    const as = (
      user: string,
      pass: string,
      inboxPrefix = `_INBOX_${user}`,
    ) => ({
      transports: [natsTransport({ connection: { user, pass, inboxPrefix } })],
    });
    await using rpc = await startServer(
      `${url}/market`,
      greeter,
      as("server", "s"),
    );
    await using client = await openConnection<typeof greeter>(
      rpc.address,
      as("client", "c"),
    );
    assertEquals(await client.remote.greet("Ada"), "Hello, Ada");
    const ms = await timed(Promise.all([
      assertRejects(
        () => openConnection(`${url}/other`, as("client", "c")),
        ConnectError,
        "Permissions Violation for Publish",
      ),
      assertRejects(
        () => openConnection(rpc.address, as("client", "c", "_INBOX_server")),
        ConnectError,
        "Permissions Violation for Subscription",
      ),
      assertRejects(
        () => startServer(`${url}/other`, greeter, as("client", "c")),
        ConnectError,
        "Permissions Violation for Publish",
      ),
      assertRejects(
        () => startServer(`${url}/other`, greeter, as("server", "s")),
        ConnectError,
        "Permissions Violation for Subscription",
      ),
    ]));
    // Connecting does not wait for answers that cannot arrive.
    assert(ms < 4_000, `${ms} ms`);
    assertThrows(() => as("client", "c", "elsewhere"), TypeError, "_INBOX");
  },
  { config: PERMISSIONS },
);

for (const program of natsPrograms) {
  const version = program.version.join(".");
  testWithNats(
    `nats-server ${version} tells of a peer that is gone`,
    async ({ url }) => {
      const transports = [natsTransport({ probeMs: 50 })];
      await using peer = await startProcess(PEER, url);
      await using client = await openConnection<typeof patient>(peer.line, {
        transports,
      });
      await peer.kill();
      assertEquals((await client.closed).code, "lost");
    },
    { program },
  );
}

/** Opens a stranger that reads and writes all subjects of a server. */
async function openStranger({ url }: NatsServer) {
  const nc = await connectNats({ servers: url, reconnect: false });
  const subjects = new Set<string>();
  for (const subject of ["_INBOX.>", "denomas.>"]) {
    nc.subscribe(subject, {
      callback: (_error, message) => void subjects.add(message.subject),
    });
  }
  await nc.flush();
  return {
    nc,
    /** The inboxes that the stranger has seen. */
    inboxes: async () => {
      // Its messages are on their way until the server answers it.
      await nc.flush();
      return [...subjects].filter((it) => it.startsWith("_INBOX."));
    },
    [Symbol.asyncDispose]: () => nc.close(),
  };
}

const message = (kind: number, sequence: number, ...rest: number[]) =>
  Uint8Array.of(kind, 0, 0, 0, sequence, 0, 0, 0, 0, ...rest);

const FORGED: Readonly<Record<string, Uint8Array>> = {
  "of the next number": message(4, 3, 1, 2, 3),
  "of a later number": message(4, 200, 1, 2, 3),
  "of an earlier number": message(4, 0, 1, 2, 3),
  "of no kind": message(77, 0),
  "that is short": Uint8Array.of(4),
  "of a megabyte": new Uint8Array(1_000_000).fill(4),
  "that acknowledges what was never sent": Uint8Array.of(
    ...[4, 0, 0, 0, 3],
    ...[255, 255, 255, 255],
  ),
};

for (const [what, bytes] of Object.entries(FORGED)) {
  testWithNats(
    `a forged message ${what} ends that connection and nothing else`,
    async (server) => {
      const transports = [natsTransport()];
      const reported: unknown[] = [];
      const onError = (error: unknown) => void reported.push(error);
      const callers = new Set<string>();
      const asked = service({
        echo: (text: string) => {
          callers.add(call().remoteAddress);
          return text;
        },
      });
      await using rpc = await startServer(`${server.url}/a`, asked, {
        transports,
        onError,
      });
      const open = () =>
        openConnection<typeof asked>(rpc.address, { transports, onError });
      await using quiet = await open();
      assertEquals(await quiet.remote.echo("before"), "before");
      await using stranger = await openStranger(server);
      await using victim = await open();
      assertEquals(await victim.remote.echo("before"), "before");
      const inboxes = await stranger.inboxes();
      assertEquals(inboxes.length, 2);
      for (const inbox of inboxes) stranger.nc.publish(inbox, bytes);
      await victim.closed;
      assertEquals(await quiet.remote.echo("after"), "after");
      await using next = await open();
      assertEquals(await next.remote.echo("next"), "next");
      assertEquals(callers.size, 3);
    },
  );
}

testWithNats(
  "nobody makes a listener write elsewhere than to inboxes",
  async (server) => {
    const transports = [natsTransport()];
    await using rpc = await startServer(`${server.url}/a`, greeter, {
      transports,
    });
    await using stranger = await openStranger(server);
    const seen: string[] = [];
    stranger.nc.subscribe(">", {
      callback: (_error, { subject }) => void seen.push(subject),
    });
    const hello = Uint8Array.of(
      1,
      1,
      ...new TextEncoder().encode("0123456789ab"),
    );
    const probe = Uint8Array.of(3, 1);
    for (const reply of ["secret", "$JS.API.INFO", "_INBOX", "_INBOX.*.a"]) {
      for (const data of [hello, probe]) {
        stranger.nc.publish("denomas.connect.a", data, { reply });
      }
    }
    for (const data of [hello.subarray(0, 9), new Uint8Array(100), probe]) {
      stranger.nc.publish("denomas.connect.a", data);
    }
    await using client = await openConnection<typeof greeter>(rpc.address, {
      transports,
    });
    assertEquals(await client.remote.greet("Ada"), "Hello, Ada");
    await stranger.nc.flush();
    const others = seen.filter((it) =>
      !/^(_INBOX\.|denomas\.connect)/.test(it)
    );
    assertEquals(others, []);
    assertInstanceOf(rpc.stats(), Object);
  },
);

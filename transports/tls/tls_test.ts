import nodeTls from "node:tls";
import {
  assertEquals,
  assertInstanceOf,
  assertLess,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { Stage } from "../fixtures/frame_stage.ts";
import { createTestAuthority } from "../../testing/certificates/certificates.ts";
import { testTransport } from "../../testing/transport_suite/transport_suite.ts";
import type { Channel } from "../../channel/channel.ts";
import { startServer } from "../../channel/deno.ts";
import type { Server } from "../../channel/server.ts";
import { ConnectError, HandshakeError, ProtocolError } from "../errors.ts";
import { startProcess, startProcessWith } from "../fixtures/start_process.ts";
import { encodeFrame } from "../frames/frame.ts";
import { tcp } from "../tcp.ts";
import { wss } from "../websocket/ws.ts";
import type { Connection } from "../transport.ts";
import type { TlsOptions } from "./options.ts";

const LOOPBACK = "tcp://127.0.0.1:0";
const DAY_MS = 24 * 60 * 60 * 1000;

const authority = await createTestAuthority();
const { caCert } = authority;
const other = await createTestAuthority();

const SERVER = await authority.issue({ name: "server" });
const CLIENT = await authority.issue({ name: "client" });
const EXPIRED = await authority.issue({ validTo: new Date(Date.now() - 1) });
const EARLY = await authority.issue({
  validFrom: new Date(Date.now() + DAY_MS),
  validTo: new Date(Date.now() + 2 * DAY_MS),
});
const ELSEWHERE = await authority.issue({ hosts: ["elsewhere.example"] });
const OLD = await authority.issue({ name: "old", hosts: [] });
const STRANGER = await other.issue({ name: "client" });

/** Both sides present certificates. */
const MUTUAL = { ...SERVER, caCerts: caCert };

testTransport(tcp({ tls: MUTUAL }), {
  name: "tls",
  place: () => ({ address: LOOPBACK }),
});

/** Registers a test. */
function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `tls ${name}`, timeout: 60_000, fn });
}

/** A TLS server that records its connections and errors. */
class Guard implements AsyncDisposable {
  readonly failed: HandshakeError[] = [];
  readonly errors: unknown[] = [];
  readonly #accepted: Channel[] = [];
  #server: Server | null = null;
  #wake: () => void = () => {};

  static async start(
    tls: TlsOptions,
    handshakes: { timeoutMs?: number; max?: number } = {},
  ): Promise<Guard> {
    const guard = new Guard();
    const accept = (channel: Channel) =>
      guard.#note(() => guard.#accepted.push(channel));
    guard.#server = await startServer(LOOPBACK, accept, {
      tls,
      limits: { handshakes },
      onError: (error) => {
        const isOfHandshake = error instanceof HandshakeError;
        const list = isOfHandshake ? guard.failed : guard.errors;
        guard.#note(() => list.push(error as HandshakeError));
      },
    });
    return guard;
  }

  get server(): Server {
    return this.#server!;
  }

  get address(): string {
    return this.server.address;
  }

  get handshakes(): number {
    return this.server.stats().handshakes;
  }

  /** Resolves to the peer name of the next accepted connection. */
  async peer(): Promise<string | null> {
    await this.until(() => this.#accepted.length > 0);
    return this.#accepted.shift()!.peerName;
  }

  get acceptedCount(): number {
    return this.#accepted.length;
  }

  /** Resolves when `condition` holds. It is tested after each record. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** Opens a connection that sends nothing. */
  async knock(): Promise<Deno.TcpConn> {
    const port = Number(/:(\d+)$/.exec(this.address)![1]);
    return await Deno.connect({ hostname: "127.0.0.1", port });
  }

  #note(act: () => void): void {
    act();
    this.#wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close({ graceMs: 0 });
  }
}

/** Resolves to `null` at the end of a connection, which may be a reset. */
async function endOf(conn: Deno.TcpConn): Promise<number | null> {
  try {
    return await conn.read(new Uint8Array(64));
  } catch (error) {
    assertInstanceOf(error, Deno.errors.ConnectionReset);
    return null;
  }
}

/** Returns the error of a client's failed attempt, and its cause. */
async function refusedAt(
  address: string,
  options: TlsOptions,
): Promise<{ error: ConnectError; cause: HandshakeError }> {
  const error = await assertRejects(
    () => tcp({ tls: options }).connect(address),
    ConnectError,
  );
  assertEquals(error.address, address);
  const { cause } = error;
  assertInstanceOf(cause, HandshakeError);
  assertEquals(cause.address, address);
  return { error, cause };
}

const FAILURES: readonly {
  readonly what: string;
  readonly server: TlsOptions;
  readonly client: TlsOptions;
  readonly problem: HandshakeError["code"];
  readonly refuses: "client" | "server";
  /** A part of the remedy in the client's error. */
  readonly advice: string;
}[] = [
  {
    what: "a server of an unknown authority",
    server: SERVER,
    client: { caCerts: other.caCert },
    problem: "untrusted",
    refuses: "client",
    advice: "'caCerts'",
  },
  {
    what: "a server of an authority of its own, unless Deno trusts it",
    server: SERVER,
    client: {},
    problem: "untrusted",
    refuses: "client",
    advice: "'caCerts'",
  },
  {
    what: "a server whose certificate has expired",
    server: EXPIRED,
    client: { caCerts: caCert },
    problem: "expired",
    refuses: "client",
    advice: "has expired, renew it there",
  },
  {
    what: "a server whose certificate is not valid yet",
    server: EARLY,
    client: { caCerts: caCert },
    problem: "not-yet-valid",
    refuses: "client",
    advice: "clocks",
  },
  {
    what: "a server whose certificate is for another host",
    server: ELSEWHERE,
    client: { caCerts: caCert },
    problem: "wrong-host",
    refuses: "client",
    advice: "'serverName'",
  },
  {
    what: "a server whose certificate has X.509 version 1",
    server: OLD,
    client: { caCerts: caCert, serverName: "old" },
    problem: "old-version",
    refuses: "client",
    advice: "version 3",
  },
  {
    what: "a client whose certificate has X.509 version 1",
    server: MUTUAL,
    client: { ...OLD, caCerts: caCert },
    problem: "old-version",
    refuses: "server",
    advice: "version 3",
  },
  {
    what: "a client without a certificate",
    server: MUTUAL,
    client: { caCerts: caCert },
    problem: "no-certificate",
    refuses: "server",
    advice: "'cert' and 'key'",
  },
  {
    what: "a client of an unknown authority",
    server: MUTUAL,
    client: { ...STRANGER, caCerts: caCert },
    problem: "untrusted",
    refuses: "server",
    advice: "'caCerts' there",
  },
  {
    what: "a client whose certificate has expired",
    server: MUTUAL,
    client: { ...EXPIRED, caCerts: caCert },
    problem: "expired",
    refuses: "server",
    advice: "has expired, renew it",
  },
  {
    what: "a client whose certificate is not valid yet",
    server: MUTUAL,
    client: { ...EARLY, caCerts: caCert },
    problem: "not-yet-valid",
    refuses: "server",
    advice: "clocks",
  },
];

for (const { what, server, client, problem, refuses, advice } of FAILURES) {
  test(`refuses ${what}, and tells both sides`, async () => {
    await using guard = await Guard.start(server);
    const { error, cause } = await refusedAt(guard.address, client);
    assertStringIncludes(error.message, advice);
    assertEquals(cause.code, problem);
    assertEquals(cause.by, refuses === "client" ? "local" : "peer");

    await guard.until(() => guard.failed.length > 0);
    const [told] = guard.failed;
    assertEquals(told!.code, problem);
    assertEquals(told!.by, refuses === "server" ? "local" : "peer");
    assertStringIncludes(told!.address, "tcp://127.0.0.1:");
    assertEquals(guard.failed.length, 1);
    assertEquals([guard.acceptedCount, guard.handshakes], [0, 0]);
    assertEquals(guard.errors, []);
  });
}

test("takes a certificate for another host by 'serverName'", async () => {
  await using guard = await Guard.start(ELSEWHERE);
  const connection = await tcp({
    tls: {
      caCerts: caCert,
      serverName: "elsewhere.example",
    },
  }).connect(guard.address);
  connection.stream.close();
  await guard.peer();
});

const NAMES: readonly {
  readonly what: string;
  readonly name: string | null;
  readonly hosts: readonly string[];
  readonly peer: string | null;
}[] = [
  { what: "the common name", name: "Ada", hosts: ["a.example"], peer: "Ada" },
  {
    what: "without one the first DNS name",
    name: null,
    hosts: ["a.example", "b.example"],
    peer: "a.example",
  },
  {
    what: "none if another kind of name comes first",
    name: null,
    hosts: ["127.0.0.1", "a.example"],
    peer: null,
  },
];

for (const { what, name, hosts, peer } of NAMES) {
  test(`names as peer ${what}`, async () => {
    const certificate = await authority.issue({ name, hosts });
    await using guard = await Guard.start(MUTUAL);
    const connection = await tcp({ tls: { ...certificate, caCerts: caCert } })
      .connect(guard.address);
    assertEquals(await guard.peer(), peer);
    assertEquals(connection.peerName, "server");
    connection.stream.close();
  });
}

test("names no peer whose certificate was not asked for", async () => {
  await using guard = await Guard.start({ ...MUTUAL, clientCerts: "none" });
  for (const client of [STRANGER, CLIENT, {}]) {
    const connection = await tcp({ tls: { ...client, caCerts: caCert } })
      .connect(guard.address);
    assertEquals(await guard.peer(), null);
    connection.stream.close();
  }
  assertEquals(guard.failed, []);
});

test("trusts no authority but those in 'caCerts'", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/other.pem`;
    await Deno.writeTextFile(file, other.caCert);
    await using strange = await Guard.start(
      await other.issue({ name: "strange" }),
    );
    const runs = [
      // Deno itself trusts the other authority here.
      { options: {}, line: "connected" },
      { options: { caCerts: caCert }, line: "untrusted" },
    ];
    for (const { options, line } of runs) {
      await using client = await startProcessWith(
        { DENO_CERT: file },
        "./tls_client.ts",
        strange.address,
        JSON.stringify(options),
      );
      assertEquals(client.line, line);
      assertEquals(await client.code, 0);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

test("reports a client that does not speak TLS, and tells it so", async () => {
  await using guard = await Guard.start(SERVER);
  await using stage = new Stage(tcp(), { address: LOOPBACK });
  const client = (await stage.connect(guard.address)).start();
  client.connection.send("in plain text");
  const error = await client.ended();
  assertInstanceOf(error, ProtocolError);
  assertStringIncludes(error.message, "set the option 'tls'");
  await guard.until(() => guard.failed.length > 0);
  assertEquals(guard.failed[0]!.code, "not-tls");
  assertStringIncludes(guard.failed[0]!.message, "does not speak TLS");
});

test("cannot connect to a server that does not speak TLS", async () => {
  await using stage = new Stage(tcp(), { address: LOOPBACK });
  const { address } = await stage.listen();
  const failing = refusedAt(address, { caCerts: caCert });
  const server = (await stage.accepted()).start();
  assertInstanceOf(await server.ended(), ProtocolError);
  const { error, cause } = await failing;
  assertEquals([cause.code, cause.by], ["not-tls", "local"]);
  assertStringIncludes(error.message, "set the option 'tls' there");
});

test("cannot connect to a server that greets in plain text", async () => {
  await using stage = new Stage(tcp(), { address: LOOPBACK });
  const { address } = await stage.listen();
  const failing = refusedAt(address, { caCerts: caCert });
  (await stage.accepted()).connection.send("hello");
  const { cause } = await failing;
  assertEquals(cause.code, "not-tls");
  assertStringIncludes(cause.message, "does not speak TLS");
});

test("serves a peer of older TLS that knows nothing of this package", async () => {
  await using stage = new Stage(tcp({ tls: MUTUAL }), { address: LOOPBACK });
  const { address } = await stage.listen();
  const socket = nodeTls.connect({
    host: "127.0.0.1",
    port: Number(/:(\d+)$/.exec(address)![1]),
    ...CLIENT,
    ca: caCert,
    maxVersion: "TLSv1.2",
  });
  socket.write(encodeFrame("from afar"));
  const answered = new Promise<Uint8Array>((resolve) =>
    socket.once("data", resolve)
  );
  const server = (await stage.accepted()).start();
  assertEquals(server.raw.peerName, "client");
  await server.received(1);
  assertEquals(server.texts, ["from afar"]);
  server.connection.send("answer");
  assertEquals(new Uint8Array(await answered), encodeFrame("answer"));
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.destroy();
  await closed;
  await server.ended();
});

test("serves nobody who speaks no version that it may", async () => {
  await using guard = await Guard.start({ ...SERVER, minVersion: "TLSv1.3" });
  const socket = nodeTls.connect({
    host: "127.0.0.1",
    port: Number(/:(\d+)$/.exec(guard.address)![1]),
    ca: caCert,
    maxVersion: "TLSv1.2",
  });
  await new Promise((resolve) => socket.once("error", resolve));
  await guard.until(() => guard.failed.length > 0);
  assertEquals(guard.failed[0]!.code, "protocol");
});

test("ends a handshake that takes too long, and serves others meanwhile", async () => {
  await using guard = await Guard.start(SERVER, { timeoutMs: 1_000 });
  const slow = await guard.knock();
  const connection = await tcp({ tls: { caCerts: caCert } }).connect(
    guard.address,
  );
  await guard.peer();
  assertEquals([guard.failed.length, guard.handshakes], [0, 1]);
  assertEquals(await endOf(slow), null);
  await guard.until(() => guard.failed.length > 0);
  const [error] = guard.failed;
  assertEquals([error!.code, error!.by], ["timeout", "local"]);
  assertStringIncludes(error!.message, "1000 ms");
  assertEquals(guard.handshakes, 0);
  slow.close();
  connection.stream.close();
});

test("ends a handshake whose client never says what it thinks", async () => {
  await using guard = await Guard.start(SERVER, { timeoutMs: 1_000 });
  const socket = nodeTls.connect({
    host: "127.0.0.1",
    port: Number(/:(\d+)$/.exec(guard.address)![1]),
    ca: caCert,
    ALPNProtocols: ["denomas"],
  });
  const verdict = new Promise<Uint8Array>((resolve) =>
    socket.once("data", resolve)
  );
  const closed = new Promise((resolve) => socket.once("close", resolve));
  assertEquals([...await verdict], [0]);
  assertEquals([guard.acceptedCount, guard.handshakes], [0, 1]);
  await guard.until(() => guard.failed.length > 0);
  assertEquals(guard.failed[0]!.code, "timeout");
  await guard.until(() => guard.handshakes === 0);
  await closed;
});

test("refuses a client that leaves instead of saying what it thinks", async () => {
  await using guard = await Guard.start(SERVER);
  const socket = nodeTls.connect({
    host: "127.0.0.1",
    port: Number(/:(\d+)$/.exec(guard.address)![1]),
    ca: caCert,
    ALPNProtocols: ["denomas"],
  });
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.once("data", () => socket.end());
  await guard.until(() => guard.failed.length > 0);
  assertEquals(guard.failed[0]!.code, "ended");
  assertEquals(guard.acceptedCount, 0);
  await closed;
});

test("gives the oldest handshake up for one over the limit", async () => {
  await using guard = await Guard.start(SERVER, { max: 2 });
  const slow = [await guard.knock(), await guard.knock()];
  // Silent handshakes do not keep out other clients.
  (await tcp({ tls: { caCerts: caCert } }).connect(guard.address)).stream
    .close();
  await guard.peer();
  assertEquals(await endOf(slow[0]!), null);
  assertEquals([guard.server.stats().refusedConnections, guard.handshakes], [
    1,
    1,
  ]);
  assertEquals([guard.failed, guard.errors], [[], []]);
  slow[0]!.close();
  slow[1]!.close();
  await guard.until(() => guard.failed.length > 0);
  assertEquals(guard.failed[0]!.code, "ended");
  guard.server.unref();
  guard.server.ref();
});

test("ends handshakes that are under way when it stops listening", async () => {
  await using guard = await Guard.start(SERVER);
  const slow = await guard.knock();
  // This later connection shows that the slow one was accepted, too.
  (await tcp({ tls: { caCerts: caCert } }).connect(guard.address)).stream
    .close();
  assertEquals(guard.handshakes, 1);
  await guard.server.close();
  assertEquals(await endOf(slow), null);
  assertEquals([guard.failed, guard.errors], [[], []]);
  slow.close();
});

test("carries nothing before the handshake, whose signal ends it", async () => {
  const { promise, resolve } = Promise.withResolvers<Connection>();
  const listener = await tcp({ tls: SERVER }).listen(LOOPBACK, resolve);
  const port = Number(/:(\d+)$/.exec(listener.address)![1]);
  using client = await Deno.connect({ hostname: "127.0.0.1", port });
  const { stream, handshake } = await promise;
  const bytes = new Uint8Array([1]);
  await assertRejects(() => stream.write(bytes), TypeError, "'handshake'");
  await assertRejects(() => stream.read(bytes), TypeError, "'handshake'");
  const controller = new AbortController();
  const securing = handshake!(controller.signal, 60_000);
  const reason = new Error("gave up");
  controller.abort(reason);
  assertStrictEquals(await assertRejects(() => securing), reason);
  assertEquals(await endOf(client), null);
  await listener.close();
});

test("gives up a handshake when its signal is aborted", async () => {
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const controller = new AbortController();
  const connecting = tcp({ tls: { caCerts: caCert } }).connect(
    `tcp://127.0.0.1:${silent.addr.port}`,
    { signal: controller.signal },
  );
  using conn = await silent.accept();
  // The handshake has begun.
  await conn.read(new Uint8Array(1));
  const reason = new Error("gave up");
  controller.abort(reason);
  assertStrictEquals(await assertRejects(() => connecting), reason);
});

test("does not stall on an echo of 64 KiB", async () => {
  await using stage = new Stage(tcp({ tls: MUTUAL }), { address: LOOPBACK });
  const { client, server } = await stage.pair();
  server.onFrame = (payload) => void server.connection.send(payload);
  const payload = new Uint8Array(64 * 1024).fill(7);
  const timesMs: number[] = [];
  for (let round = 1; round <= 15; round++) {
    const begin = performance.now();
    client.connection.send(payload);
    await client.received(round);
    timesMs.push(performance.now() - begin);
  }
  const ms = timesMs.toSorted((a, b) => a - b)[3]!;
  // A stall takes at least 44 ms, and most echoes have it. To ignore delays by
  // a busy machine, only the fastest quarter of the echoes counts.
  assertLess(ms, 35, `Three quarters of the echoes took over ${ms} ms`);
});

test("reads files by path and URL, anew for each connection", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = (name: string) => `${folder}/${name}`;
    await Deno.writeTextFile(file("cert.pem"), SERVER.cert);
    await Deno.writeTextFile(file("key.pem"), SERVER.key);
    await Deno.writeTextFile(file("ca.pem"), other.caCert);
    await using guard = await Guard.start({
      cert: file("cert.pem"),
      key: new URL(`file://${file("key.pem")}`),
    });
    const client = tcp({ tls: { caCerts: file("ca.pem") } });
    await assertRejects(() => client.connect(guard.address), ConnectError);
    await Deno.writeTextFile(file("ca.pem"), `${other.caCert}\n${caCert}`);
    (await client.connect(guard.address)).stream.close();
    // The authorities may also be a list.
    const both = tcp({ tls: { caCerts: [other.caCert, caCert] } });
    (await both.connect(guard.address)).stream.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("tls refuses options that do not fit together", async () => {
  const { cert, key } = SERVER;
  assertThrows(() => tcp({ tls: { cert } }), TypeError, "'cert' without 'key'");
  assertThrows(() => tcp({ tls: { key } }), TypeError, "'key' without 'cert'");
  const wrong = { clientCerts: "maybe", minVersion: "TLSv1" };
  for (const [name, value] of Object.entries(wrong)) {
    assertThrows(() => tcp({ tls: { [name]: value } }), TypeError, `'${name}'`);
  }
  const listen = (options: TlsOptions) =>
    tcp({ tls: options }).listen(LOOPBACK, () => {});
  await assertRejects(
    () => listen({ ...SERVER, clientCerts: "require" }),
    TypeError,
    "'caCerts'",
  );
  await assertRejects(() => listen({ caCerts: caCert }), TypeError, "'cert'");
});

const BROKEN = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";

const UNUSABLE: readonly (readonly [string, TlsOptions, string])[] = [
  ["a missing file", { ...SERVER, cert: "/no/such.pem" }, "there is no file"],
  [
    "a file that holds no PEM",
    { ...SERVER, key: new URL("../unix.ts", import.meta.url) },
    "holds no PEM",
  ],
  ["a certificate without one", { ...SERVER, cert: SERVER.key }, "'cert'"],
  ["a broken certificate", { ...SERVER, cert: BROKEN }, "'cert'"],
  ["a broken authority", { ...SERVER, caCerts: BROKEN }, "'caCerts'"],
  ["no authority at all", { ...SERVER, caCerts: [] }, "'caCerts'"],
  ["a key that is none", { ...SERVER, key: caCert }, "'key'"],
  ["the key of another", { ...SERVER, key: CLIENT.key }, "does not belong to"],
];

for (const [what, options, text] of UNUSABLE) {
  test(`says at once that it cannot use ${what}`, async () => {
    await assertRejects(
      () => tcp({ tls: options }).listen(LOOPBACK, () => {}),
      TypeError,
      text,
    );
    // The files may be about to be replaced.
    const isFile = what.includes("file");
    await assertRejects(
      () => tcp({ tls: options }).connect("tcp://127.0.0.1:9"),
      isFile ? ConnectError : TypeError,
      text,
    );
  });
}

test("shows no key that lost its first line", async () => {
  const lines = SERVER.key.trim().split("\n").slice(1);
  const cut = lines.join("\n");
  for (const key of [cut, `${lines[0]}`, lines.slice(0, -1).join("")]) {
    const error = await assertRejects(
      () => tcp({ tls: { ...SERVER, key } }).listen(LOOPBACK, () => {}),
      TypeError,
      "'key': it is neither PEM text",
    );
    assertEquals(Deno.inspect(error).includes(lines[0]!), false);
  }
});

Deno.test({
  name: "tls passes on a missing permission as it is",
  permissions: { net: false, read: false },
  fn: async () => {
    const { NotCapable } = Deno.errors;
    await assertRejects(
      () => tcp({ tls: SERVER }).connect("tcp://127.0.0.1:9"),
      NotCapable,
    );
    await assertRejects(
      () => tcp({ tls: SERVER }).listen(LOOPBACK, () => {}),
      NotCapable,
    );
    await assertRejects(
      () => tcp({ tls: { caCerts: "/ca.pem" } }).connect("tcp://127.0.0.1:9"),
      NotCapable,
    );
  },
});

const LIVELINESS: readonly (readonly [string, readonly string[], boolean])[] = [
  ["a connection", ["close-listener", "unref-server"], true],
  ["an accepted connection", ["close-listener", "unref-client"], true],
  [
    "nothing that is unreferenced",
    ["unref-listener", "unref-client", "unref-server"],
    false,
  ],
];

for (const [what, deeds, isAlive] of LIVELINESS) {
  test(`lets ${what} keep a process alive`, async () => {
    await using process = await startProcess(
      "./idle_process.ts",
      LOOPBACK,
      JSON.stringify(MUTUAL),
      ...deeds,
    );
    assertEquals(process.line, "ready");
    if (!isAlive) return assertEquals(await process.code, 0);
    // An idle process would end within a few milliseconds.
    const { promise, resolve } = Promise.withResolvers<string>();
    const timer = setTimeout(() => resolve("alive"), 300);
    const ended = process.code.then(() => "ended");
    assertEquals(await Promise.race([promise, ended]), "alive");
    clearTimeout(timer);
  });
}

test("takes up renewed files of a server, and keeps what is half written", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [cert, key] = [`${folder}/cert.pem`, `${folder}/key.pem`];
    const write = async (files: Partial<typeof SERVER>) => {
      if (files.cert) await Deno.writeTextFile(cert, files.cert);
      if (files.key) await Deno.writeTextFile(key, files.key);
    };
    await write(SERVER);
    await using guard = await Guard.start({ cert, key });
    const client = tcp({ tls: { caCerts: caCert } });
    const peer = async () => {
      const { peerName, stream } = await client.connect(guard.address);
      stream.close();
      return peerName;
    };
    const first = await client.connect(guard.address);
    const next = await authority.issue({ name: "renewed" });
    const renew = () => guard.server.renewCertificate();

    await write({ cert: next.cert });
    assertEquals(await peer(), "server");
    await assertRejects(renew, TypeError, "does not belong to");
    await write({ key: next.key });
    for (const length of [0, 30, next.cert.length - 40]) {
      await write({ cert: next.cert.slice(0, length) || " " });
      await assertRejects(renew, TypeError, "'cert'");
    }
    // The text ends within the second certificate of a chain.
    await write({ cert: next.cert + SERVER.cert.slice(0, -40) });
    await assertRejects(renew, TypeError, "ends within a certificate");
    assertEquals(await peer(), "server");

    await write(next);
    await renew();
    assertEquals(await peer(), "renewed");
    // The earlier connection stays open.
    assertEquals(await first.stream.write(new Uint8Array([0])), 1);
    first.stream.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

test("takes up renewed texts, in both directions, and other authorities", async () => {
  const transport = tcp({ tls: MUTUAL });
  const { promise: accepted, resolve: accept } = Promise.withResolvers<
    Connection
  >();
  const listener = await transport.listen(LOOPBACK, accept);
  const [mine, theirs] = [await other.issue({ name: "mine" }), STRANGER];
  await assertRejects(
    () => transport.renewCertificate!({ cert: mine.cert }),
    TypeError,
    "does not belong to",
  );
  await assertRejects(
    () =>
      transport.renewCertificate!({
        caCerts: undefined,
        clientCerts: "require",
      }),
    TypeError,
    "'caCerts'",
  );
  await transport.renewCertificate!({ ...mine, caCerts: other.caCert });

  await using guard = await Guard.start({ ...theirs, caCerts: other.caCert });
  const outgoing = await transport.connect(guard.address);
  assertEquals(await guard.peer(), "mine");
  outgoing.stream.close();

  const client = tcp({ tls: { ...theirs, caCerts: other.caCert } });
  const signal = new AbortController().signal;
  const [incoming, { stream }] = await Promise.all([
    client.connect(listener.address),
    accepted.then((it) => it.handshake!(signal, 60_000)),
  ]);
  assertEquals(incoming.peerName, "mine");
  incoming.stream.close();
  stream.close();
  await listener.close();
});

test("renews nothing where there is no certificate", async () => {
  await using server = await startServer(LOOPBACK, () => {});
  await assertRejects(
    () => server.renewCertificate(SERVER),
    TypeError,
    "does not use TLS",
  );
});

test("renews certificates of WebSockets, too", async () => {
  await using server = await startServer("wss://127.0.0.1:0", () => {}, {
    transports: [wss({ tls: SERVER })],
  });
  const client = wss({ tls: { caCerts: caCert } });
  const peers: (string | null | undefined)[] = [];
  for (const next of [CLIENT, SERVER]) {
    const { peerName, stream } = await client.connect(server.address);
    peers.push(peerName);
    stream.close();
    await server.renewCertificate(next);
  }
  assertEquals(peers, ["server", "client"]);
});

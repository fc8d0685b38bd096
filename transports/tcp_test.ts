import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertLess,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { Stage } from "./fixtures/frame_stage.ts";
import { testTransport } from "../testing/transport_suite/transport_suite.ts";
import { AddressInUseError, ConnectError, ProtocolError } from "./errors.ts";
import { startProcess, startProcessFlagged } from "./fixtures/start_process.ts";
import { tcp } from "./tcp.ts";

const LOOPBACK = "tcp://127.0.0.1:0";

/** Whether this machine lacks IPv6, as some machines and containers do. */
const HAS_NO_IPV6 = !canListenOn("::1");

function canListenOn(hostname: string): boolean {
  try {
    Deno.listen({ hostname, port: 0 }).close();
    return true;
  } catch (error) {
    assertInstanceOf(error, Error);
    return false;
  }
}

testTransport(tcp(), { place: () => ({ address: LOOPBACK }) });

testTransport(tcp(), {
  name: "tcp over IPv6",
  ignore: HAS_NO_IPV6,
  place: () => ({ address: "tcp://[::1]:0" }),
});

/** Registers a test with a stage on the loopback interface. */
function test(name: string, run: (stage: Stage) => Promise<void>): void {
  Deno.test({
    name: `tcp ${name}`,
    timeout: 60_000,
    fn: async () => {
      await using stage = new Stage(tcp(), { address: LOOPBACK });
      await run(stage);
    },
  });
}

function portOf(address: string): number {
  return Number(/:(\d+)$/.exec(address)![1]);
}

test("fills in the port that the system chose", async (stage) => {
  const listeners = [await stage.listen(), await stage.listen()];
  const addresses = listeners.map(({ address }) => address);
  for (const address of addresses) {
    assertMatch(address, /^tcp:\/\/127\.0\.0\.1:[1-9]\d*$/);
  }
  assertNotEquals(addresses[0], addresses[1]);
});

Deno.test({
  name: "tcp writes an IPv6 host in brackets",
  ignore: HAS_NO_IPV6,
  fn: async () => {
    await using stage = new Stage(tcp(), { address: "tcp://[::1]:0" });
    const { client, server, listener } = await stage.pair();
    for (const { raw } of [client, server]) {
      assertMatch(raw.localAddress, /^tcp:\/\/\[::1\]:[1-9]\d*$/);
      assertMatch(raw.remoteAddress, /^tcp:\/\/\[::1\]:[1-9]\d*$/);
    }
    assertMatch(listener.address, /^tcp:\/\/\[::1\]:[1-9]\d*$/);
  },
});

test("does not delay the second of two small writes", async (stage) => {
  const { client, server } = await stage.pair();
  // The answer follows only the second frame. With Nagle's algorithm, that
  // frame would wait until the peer acknowledges the first, which takes 40 ms.
  server.onFrame = (payload) => {
    if (payload[0] === 2) server.connection.send(payload);
  };
  const timesMs: number[] = [];
  for (let round = 1; round <= 15; round++) {
    const begin = performance.now();
    client.connection.send(new Uint8Array([1]));
    await client.flushed();
    client.connection.send(new Uint8Array([2]));
    await client.received(round);
    timesMs.push(performance.now() - begin);
  }
  const median = timesMs.toSorted((a, b) => a - b)[7]!;
  assertLess(median, 35, `Two writes and an answer took ${median} ms`);
});

test("says why it cannot connect, and keeps the system's error", async (stage) => {
  const listener = await stage.listen();
  await listener.close();
  const error = await assertRejects(
    () => stage.connect(listener.address),
    ConnectError,
  );
  assertInstanceOf(error.cause, Deno.errors.ConnectionRefused);
  assertStringIncludes(error.message, "connection refused");
  assertStringIncludes(error.message, listener.address);
});

test("gives the system's words for other failures to connect", async (stage) => {
  // TCP cannot reach a broadcast address; the system says so at once.
  const error = await assertRejects(
    () => stage.connect("tcp://255.255.255.255:9"),
    ConnectError,
  );
  assert(error.cause instanceof Error);
  assertStringIncludes(error.message, error.cause.message);
});

test("passes on other failures to listen as they are", async (stage) => {
  // An address for documentation, which no machine has.
  await assertRejects(
    () => stage.listen({}, "tcp://192.0.2.1:0"),
    Deno.errors.AddrNotAvailable,
  );
});

test("says which form of address it wants", async (stage) => {
  for (const address of ["ipc://[/tmp/s]", "local://name"]) {
    if (Deno.build.os === "windows" && address.startsWith("ipc")) continue;
    const form = "tcp://host:port";
    await assertRejects(() => stage.listen({}, address), TypeError, form);
    await assertRejects(() => stage.connect(address), TypeError, form);
  }
  for (const address of ["tcp://127.0.0.1", "tcp://127.0.0.1:65536"]) {
    await assertRejects(() => stage.listen({}, address), TypeError, "port");
    await assertRejects(() => stage.connect(address), TypeError, "port");
  }
});

test("tells whoever connects to port 0 what that is for", async (stage) => {
  await assertRejects(() => stage.connect(LOOPBACK), TypeError, "listening");
});

test("tells what a browser sent, and ends its connection", async (stage) => {
  const { address } = await stage.listen();
  const browser = await Deno.connect({
    hostname: "127.0.0.1",
    port: portOf(address),
  });
  await browser.write(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
  const server = (await stage.accepted()).start();
  const error = await server.ended();
  assertInstanceOf(error, ProtocolError);
  assertStringIncludes(error.message, "'GET ");
  const told = await new Response(browser.readable).text();
  assertStringIncludes(told, "HTTP/1.1 400");
});

test("ends with an error where the peer resets the connection", async (stage) => {
  await using process = await startProcess("./tcp_server.ts");
  const client = (await stage.connect(process.line)).start();
  client.connection.send("to be left unread");
  await client.flushed();
  await process.kill();
  await client.ended();
  assertEquals([client.ends.length, client.frames.length], [1, 0]);
});

Deno.test({
  name: "tcp with reusePort lets processes share a port, and no others",
  ignore: Deno.build.os !== "linux",
  timeout: 60_000,
  fn: async () => {
    const start = (address: string, name: string) =>
      startProcessFlagged(
        ["--unstable-net"],
        "./reuse_port_server.ts",
        address,
        name,
      );
    await using first = await start(LOOPBACK, "1");
    await using second = await start(first.line, "2");
    assertEquals(second.line, first.line);
    const names = new Set<string>();
    // The system chooses a server for each connection by a hash of its ports.
    for (let count = 0; count < 100 && names.size < 2; count++) {
      names.add(await readName(first.line));
    }
    assertEquals(names, new Set(["1", "2"]));
    await assertRejects(
      () => tcp().listen(first.line, () => {}),
      AddressInUseError,
    );
  },
});

async function readName(address: string): Promise<string> {
  const { stream } = await tcp().connect(address);
  const into = new Uint8Array(1);
  assertEquals(await stream.read(into), 1);
  stream.close();
  return new TextDecoder().decode(into);
}

Deno.test({
  name: "tcp with reusePort refuses to listen where Deno would end the process",
  ignore: "listenDatagram" in Deno,
  fn: async () => {
    const transport = tcp({ reusePort: true });
    await assertRejects(
      () => transport.listen(LOOPBACK, () => {}),
      TypeError,
      "--unstable-net",
    );
  },
});

Deno.test({
  name: "tcp passes on a missing permission as it is",
  permissions: { net: false },
  fn: async () => {
    const { NotCapable } = Deno.errors;
    await assertRejects(() => tcp().connect("tcp://127.0.0.1:9"), NotCapable);
    await assertRejects(() => tcp().listen(LOOPBACK, () => {}), NotCapable);
  },
});

const LIVELINESS: readonly (readonly [string, readonly string[], boolean])[] = [
  ["a listener", ["unref-client", "unref-server"], true],
  ["a connection", ["close-listener", "unref-server"], true],
  ["an accepted connection", ["close-listener", "unref-client"], true],
  [
    "nothing that is unreferenced",
    ["unref-listener", "unref-client", "unref-server"],
    false,
  ],
];

for (const [what, deeds, isAlive] of LIVELINESS) {
  Deno.test({
    name: `tcp lets ${what} keep a process alive`,
    timeout: 60_000,
    fn: async () => {
      await using process = await startProcess(
        "./idle_process.ts",
        LOOPBACK,
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
    },
  });
}

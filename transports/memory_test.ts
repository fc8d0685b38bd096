import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertRejects,
} from "@std/assert";
import { seededRandom } from "../testing/network/random.ts";
import { Stage } from "./fixtures/frame_stage.ts";
import { testTransport } from "../testing/transport_suite/transport_suite.ts";
import { AddressInUseError, ConnectError } from "./errors.ts";
import { observe } from "./_observers.ts";
import type { ByteStream } from "./transport.ts";
import { memory, memoryStreams } from "./memory.ts";
import { world } from "./_world.ts";

let names = 0;

/** Returns a new address each time. */
function newAddress(): string {
  return `local://memory-test-${++names}`;
}

testTransport(memory(), {
  name: "memory",
  place: () => ({ address: newAddress() }),
});

function test(name: string, run: (stage: Stage) => Promise<void>): void {
  Deno.test({
    name: `memory ${name}`,
    timeout: 60_000,
    fn: async () => {
      await using stage = new Stage(memory(), { address: newAddress() });
      await run(stage);
    },
  });
}

/** Returns the log of 20 connections that exchange data in a seeded order. */
async function tangledRun(seed: number): Promise<string[]> {
  await using stage = new Stage(memory(), { address: newAddress() });
  const random = seededRandom(seed);
  const log: string[] = [];
  const { address } = await stage.listen();
  const pairs = [];
  for (let n = 0; n < 20; n++) {
    const pair = await stage.join(address, { start: "none" });
    const { client, server } = pair;
    server.onFrame = (payload) => {
      const text = new TextDecoder().decode(payload);
      log.push(`server ${n}: ${text}`);
      const answers = Number(text) % 3;
      for (let k = 0; k < answers; k++) server.connection.send(`${text}.${k}`);
    };
    client.onFrame = (payload) => {
      log.push(`client ${n}: ${new TextDecoder().decode(payload)}`);
      if (random() < 0.3) client.connection.send(`${log.length}`);
    };
    server.start();
    client.start();
    pairs.push(pair);
  }
  for (let step = 0; step < 300; step++) {
    const { client } = pairs[Math.floor(random() * pairs.length)]!;
    client.connection.send(`${step}`);
    if (random() < 0.2) await stage.turns(1);
  }
  await stage.turns(50);
  for (const { client } of pairs) client.connection.finish();
  for (const [n, { server }] of pairs.entries()) {
    await server.ended();
    log.push(`end ${n}`);
  }
  return log;
}

test("delivers in one order across all connections, each run the same", async () => {
  const log = await tangledRun(1);
  assert(log.length > 400);
  assertEquals(await tangledRun(1), log);
  assertEquals(await tangledRun(1), log);
});

test("delivers in the order of sending across connections", async (stage) => {
  const { address } = await stage.listen();
  const log: string[] = [];
  const clients = [];
  for (let n = 0; n < 5; n++) {
    const { client, server } = await stage.join(address);
    server.onFrame = (payload) => {
      log.push(new TextDecoder().decode(payload));
    };
    clients.push(client);
  }
  for (const n of [3, 1, 4, 0, 2]) clients[n]!.connection.send(`${n}`);
  await stage.turns(5);
  assertEquals(log, ["3", "1", "4", "0", "2"]);
});

Deno.test("memory delivers all that one turn sends together, in that order", async () => {
  const [[first, farFirst], [second, farSecond]] = [
    memoryStreams(),
    memoryStreams(),
  ];
  const log: string[] = [];
  const read = async (name: string, stream: ByteStream) => {
    await stream.read(new Uint8Array(1));
    log.push(name);
  };
  const reads = [read("first", farFirst), read("second", farSecond)];
  first.write(new Uint8Array(1));
  const between = world.nextTurn().then(() => log.push("the next turn"));
  second.write(new Uint8Array(1));
  await Promise.all([...reads, between]);
  assertEquals(log, ["first", "second", "the next turn"]);
});

test("delivers nothing in the turn of sending", async (stage) => {
  const { client, server } = await stage.pair();
  client.connection.send("x");
  for (let n = 0; n < 100; n++) await null;
  assertEquals(server.frames, []);
  await server.received(1);
});

test("holds no more than 256 KiB that the peer has not read", async (stage) => {
  const { client, server } = await stage.pair({ start: "client" });
  client.connection.send(new Uint8Array(1024 * 1024));
  await stage.turns(100);
  assertEquals(client.connection.writtenBytes, 256 * 1024);
  assertEquals(client.timesWritten, 0);
  server.start();
  await server.received(1);
  assertEquals(client.connection.queuedBytes, 0);
});

test("ends a writer that waits when the peer closes", async (stage) => {
  const { client, server } = await stage.pair({ start: "client" });
  client.connection.send(new Uint8Array(1024 * 1024));
  await stage.turns(10);
  server.close();
  assertEquals(await client.ended(), null);
  await stage.turns(10);
  assertEquals([client.ends.length, client.timesWritten], [1, 0]);
});

test("lets timers fire during an endless exchange", async (stage) => {
  const { client, server } = await stage.pair();
  let isOver = false;
  server.onFrame = (payload) => void server.connection.send(payload);
  client.onFrame = (payload) => {
    if (!isOver) client.connection.send(payload);
  };
  client.connection.send("ball");
  await client.received(1);
  for (let n = 0; n < 10; n++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  // Meanwhile the exchange went on, and would have gone on forever.
  await client.received(client.frames.length + 1);
  isOver = true;
});

test("tells connections to one server apart by their addresses", async (stage) => {
  const { address } = await stage.listen();
  const near = new Set<string>();
  for (let n = 0; n < 3; n++) {
    const { client } = await stage.join(address);
    assert(client.raw.localAddress.startsWith(`${address}#`));
    near.add(client.raw.localAddress);
  }
  assertEquals(near.size, 3);
});

test("fails to connect to a name that is not yet, or no longer, in use", async (stage) => {
  const { address } = stage.place;
  await assertRejects(() => stage.connect(address), ConnectError, address);
  const listener = await stage.listen();
  const connecting = stage.connect(address);
  await listener.close();
  await assertRejects(() => connecting, ConnectError);
});

test("reaches a server that begins to listen in the same turn", async (stage) => {
  const connecting = stage.connect(stage.place.address);
  await stage.listen();
  const client = (await connecting).start();
  assertEquals(client.raw.remoteAddress, stage.place.address);
});

test("closes what was accepted for an attempt that was given up", async (stage) => {
  const listener = await stage.listen();
  const controller = new AbortController();
  const connecting = stage.connect(listener.address, controller);
  controller.abort();
  await assertRejects(() => connecting, DOMException);
  const server = (await stage.accepted()).start();
  assertEquals(await server.ended(), null);
});

test("keeps a name although the listener before it is closed again", async (stage) => {
  const first = await stage.listen();
  await first.close();
  await stage.listen();
  await first.close();
  await assertRejects(() => stage.listen(), AddressInUseError);
  await stage.join(stage.place.address);
});

test("says which form of address it wants", async (stage) => {
  const address = "tcp://127.0.0.1:80";
  const form = "local://name";
  await assertRejects(() => stage.listen({}, address), TypeError, form);
  await assertRejects(() => stage.connect(address), TypeError, form);
});

test("reports the lifetime of its listeners and connections", async () => {
  const open = new Map<object, string>();
  const stopObserving = observe({
    opened: (resource, kind) => {
      assertFalse(open.has(resource));
      open.set(resource, kind);
    },
    closed: (resource) => assert(open.delete(resource)),
  });
  try {
    const stage = new Stage(memory(), { address: newAddress() });
    const { listener } = await stage.pair();
    assertEquals([...open.values()].sort(), [
      "connection",
      "connection",
      "listener",
    ]);
    await Promise.all([listener.close(), listener.close()]);
    await stage[Symbol.asyncDispose]();
    assertEquals(open.size, 0);
  } finally {
    stopObserving();
  }
});

Deno.test("memory rejects with an AddressInUseError that names the address", async () => {
  await using stage = new Stage(memory(), { address: newAddress() });
  await stage.listen();
  const error = await stage.listen().catch((error) => error);
  assertInstanceOf(error, AddressInUseError);
  assertEquals(error.address, stage.place.address);
});

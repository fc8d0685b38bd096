import { assertEquals, assertRejects } from "@std/assert";
import { openConnection, startServer } from "../rpc/deno.ts";
import { service } from "../rpc/service/service.ts";
import { testTransport } from "../testing/transport_suite/transport_suite.ts";
import { AddressInUseError, ConnectError } from "./errors.ts";
import { importMapFlags } from "../dev/checks/import_map_flags.ts";
import { pipes } from "./pipes.ts";
import type { Transport } from "./transport.ts";

/** Returns the transports at both ends of a pair of streams. */
function bothEnds(): [Transport, Transport] {
  const [there, back] = [buffered(), buffered()];
  return [
    pipes({ readable: there.readable, writable: back.writable }),
    pipes({ readable: back.readable, writable: there.writable }),
  ];
}

/**
 * Returns a stream that holds bytes until they are read, like a system pipe.
 */
function buffered(): TransformStream<Uint8Array, Uint8Array> {
  const highWaterMark = 64 * 1_024;
  const strategy = new ByteLengthQueuingStrategy({ highWaterMark });
  return new TransformStream<Uint8Array, Uint8Array>({}, strategy, strategy);
}

let ends: [Transport, Transport];
let names = 0;
const once = "the streams carry one connection";

testTransport({
  scheme: "pipe",
  listen: (...args) => ends[0].listen(...args),
  connect: (...args) => ends[1].connect(...args),
}, {
  name: "pipes",
  place: () => {
    ends = bothEnds();
    return { address: `pipe://test-${++names}` };
  },
  skip: {
    addresses: once,
    listenerClose: once,
    addressInUse: once,
    connectNobody: "whoever connects uses the streams, read or not",
    abortDuring: "there is no time between the beginning and the end of it",
    refUnref: once,
    manyConnections: once,
  },
});

const adder = service({ add: (a: number, b: number) => a + b });

Deno.test("pipes call a child process by its standard input and output", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-check", "--quiet", ...importMapFlags()],
      decodeURI(new URL("fixtures/pipe_child.ts", import.meta.url).pathname),
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const { stdout: readable, stdin: writable } = child;
  const client = await openConnection<typeof adder>("pipe://child", {
    transports: [pipes({ readable, writable })],
  });
  assertEquals(await client.remote.add(1, 2), 3);
  const large = "x".repeat(300_000);
  assertEquals(
    await client.remote.add(large as never, 0),
    `${large}0` as never,
  );
  await client.close();
  assertEquals((await child.status).code, 0);
});

Deno.test("pipes carry one connection", async () => {
  const [far, near] = bothEnds();
  const server = await startServer("pipe://a", adder, { transports: [far] });
  const client = await openConnection<typeof adder>("pipe://b", {
    transports: [near],
  });
  assertEquals(await client.remote.add(1, 2), 3);
  await assertRejects(
    () => openConnection("pipe://b", { transports: [near] }),
    ConnectError,
    "one connection",
  );
  await assertRejects(
    () => startServer("pipe://a", adder, { transports: [far] }),
    AddressInUseError,
  );
  await client.close();
  await server.close();
});

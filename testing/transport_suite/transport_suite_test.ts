import {
  assert,
  AssertionError,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { memory as makeMemory } from "../../transports/memory.ts";
import type {
  ByteStream,
  Connection,
  Transport,
} from "../../transports/transport.ts";
import { Stage } from "./_stage.ts";
import { OBLIGATIONS, testTransport } from "./transport_suite.ts";

const memory = makeMemory();

Deno.test("testTransport wants a reason for what is skipped", () => {
  const place = () => ({ address: "local://never-used" });
  for (const reason of ["", "  "]) {
    const skip = { bytes: reason };
    assertThrows(
      () => testTransport(memory, { place, skip }),
      TypeError,
      "must be the reason",
    );
  }
});

Deno.test("testTransport refuses to skip what it does not test", () => {
  const place = () => ({ address: "local://never-used" });
  const skip = { flying: "no wings" };
  assertThrows(
    () => testTransport(memory, { place, skip }),
    TypeError,
    "'flying'",
  );
});

/** Returns the memory transport with modified connections. */
function breakConnections(
  change: (connection: Connection) => Connection,
): Transport {
  return {
    scheme: "local",
    listen: (address, accept, options) =>
      memory.listen(
        address,
        (connection) => accept(change(connection)),
        options,
      ),
    connect: async (address, options) =>
      change(await memory.connect(address, options)),
  };
}

/** Returns the memory transport with some methods of its streams replaced. */
function breakStreams(
  sabotage: (stream: ByteStream) => Partial<ByteStream>,
): Transport {
  return breakConnections((connection) => {
    const { stream } = connection;
    const whole: ByteStream = {
      read: (into) => stream.read(into),
      write: (bytes) => stream.write(bytes),
      closeWrite: () => stream.closeWrite(),
      close: () => stream.close(),
      ref: () => stream.ref(),
      unref: () => stream.unref(),
    };
    return { ...connection, stream: { ...whole, ...sabotage(stream) } };
  });
}

const BROKEN: readonly (readonly [string, Transport, string])[] = [
  [
    "swaps bytes",
    breakStreams((stream) => ({
      write: (bytes) => stream.write(bytes.toReversed()),
    })),
    "bytes",
  ],
  [
    "takes more bytes than it tells",
    breakStreams((stream) => ({
      write: async (bytes) => Math.ceil(await stream.write(bytes) / 2),
    })),
    "bytes",
  ],
  [
    "tells of more bytes than it was given",
    breakStreams((stream) => ({
      write: async (bytes) => await stream.write(bytes) + 1,
    })),
    "manyWrites",
  ],
  [
    "takes no bytes",
    breakStreams(() => ({ write: () => Promise.resolve(0) })),
    "bothDirections",
  ],
  [
    "reads beyond the given bytes",
    breakStreams((stream) => ({
      read: ({ buffer, byteOffset }) =>
        stream.read(new Uint8Array(buffer, byteOffset)),
    })),
    "shortReads",
  ],
  [
    "writes bytes after it has told so",
    breakStreams((stream) => ({
      write: (bytes) => {
        setImmediate(() => stream.write(bytes));
        return Promise.resolve(bytes.length);
      },
    })),
    "copies",
  ],
  [
    "holds any number of bytes",
    breakStreams((stream) => {
      let last: Promise<unknown> = Promise.resolve();
      return {
        write: (bytes) => {
          const copy = bytes.slice();
          last = last.then(() => stream.write(copy)).catch(() => {});
          return Promise.resolve(bytes.length);
        },
      };
    }),
    "backpressure",
  ],
  [
    "lets a blocked write succeed when it is closed",
    breakStreams((stream) => ({
      write: (bytes) => stream.write(bytes).catch(() => bytes.length),
    })),
    "closeWhileBlocked",
  ],
  [
    "reads no more where it has ended its direction",
    breakStreams((stream) => {
      let hasEnded = false;
      return {
        read: (into) => hasEnded ? Promise.resolve(null) : stream.read(into),
        closeWrite: () => {
          hasEnded = true;
          return stream.closeWrite();
        },
      };
    }),
    "closeWrite",
  ],
  [
    "ends a read where it was closed",
    breakStreams((stream) => ({
      read: (into) => stream.read(into).catch(() => null),
    })),
    "close",
  ],
  [
    "has another address on each side",
    breakConnections((connection) => ({
      ...connection,
      remoteAddress: `${connection.remoteAddress}-too`,
    })),
    "addresses",
  ],
  [
    "lets its errors of connecting through as they are",
    {
      ...memory,
      connect: (address, options) =>
        memory.connect(address, options).catch((error) => {
          throw new Error("failed", { cause: error });
        }),
    },
    "connectNobody",
  ],
  [
    "listens twice at one address",
    {
      ...memory,
      listen: (address, accept, options) =>
        memory.listen(address, accept, options)
          .catch(() => memory.listen(`${address}-too`, accept, options)),
    },
    "addressInUse",
  ],
  [
    "does not hear its signal",
    { ...memory, connect: (address) => memory.connect(address) },
    "abortDuring",
  ],
];

for (const [n, [fault, transport, obligation]] of BROKEN.entries()) {
  Deno.test({
    name: `testTransport finds a transport that ${fault}`,
    timeout: 20_000,
    fn: async () => {
      const address = `local://broken-${n}`;
      const run = async (transport: Transport) => {
        await using stage = new Stage(transport, { address });
        await OBLIGATIONS[obligation]!.run(stage);
        await stage.turns(2);
      };
      const error = await assertRejects(() => run(transport), Error);
      assert(error instanceof AssertionError, `Ended with: ${error}`);
      await run(memory);
    },
  });
}

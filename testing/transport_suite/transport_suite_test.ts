import {
  assert,
  AssertionError,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { memory as makeMemory } from "../../transports/memory.ts";
import type {
  Connection,
  FrameReceiver,
  Transport,
} from "../../transports/transport.ts";
import { Stage } from "./_stage.ts";
import { OBLIGATIONS, testTransport } from "./transport_suite.ts";

const memory = makeMemory();

Deno.test("testTransport wants a reason for what is skipped", () => {
  const place = () => ({ address: "local://never-used" });
  for (const reason of ["", "  "]) {
    const skip = { text: reason };
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

/** Replaces members of a connection. */
type Sabotage = (connection: Connection) => Partial<Connection>;

/** A connection that does as `sabotage` says where that says anything. */
function sabotaged(connection: Connection, sabotage: Sabotage): Connection {
  const replaced = sabotage(connection);
  return new Proxy(connection, {
    get(target, key) {
      const source = Object.hasOwn(replaced, key) ? replaced : target;
      const value: unknown = Reflect.get(source, key, source);
      return typeof value === "function" ? value.bind(source) : value;
    },
  });
}

/** The memory transport with broken connections. */
function breakConnections(sabotage: Sabotage): Transport {
  return {
    scheme: "local",
    listen: (address, accept, options) =>
      memory.listen(
        address,
        (connection) => accept(sabotaged(connection, sabotage)),
        options,
      ),
    connect: async (address, options) =>
      sabotaged(await memory.connect(address, options), sabotage),
  };
}

/** Connections that give their receivers what `change` makes of theirs. */
function breakReceivers(
  change: (receiver: FrameReceiver) => Partial<FrameReceiver>,
): Transport {
  return breakConnections((connection) => ({
    start: (receiver) => {
      const { frame, written, end } = change(receiver);
      connection.start({
        frame: frame ?? ((payload) => receiver.frame(payload)),
        written: written ?? (() => receiver.written()),
        end: end ?? ((error) => receiver.end(error)),
      });
    },
  }));
}

const BROKEN: readonly (readonly [string, Transport, string])[] = [
  [
    "swaps frames",
    breakReceivers((receiver) => {
      let kept: Uint8Array | null = null;
      return {
        frame: (payload) => {
          if (kept === null) return void (kept = payload.slice());
          receiver.frame(payload);
          receiver.frame(kept);
          kept = null;
        },
      };
    }),
    "wholeFrames",
  ],
  [
    "copies payloads only when it writes them",
    breakConnections((connection) => ({
      send: (payload) => {
        queueMicrotask(() => connection.send(payload));
        return 0;
      },
    })),
    "copies",
  ],
  [
    "writes strings as Latin-1",
    breakConnections((connection) => ({
      send: (payload) =>
        connection.send(
          typeof payload === "string"
            ? Uint8Array.from(payload, (unit) => unit.charCodeAt(0))
            : payload,
        ),
    })),
    "text",
  ],
  [
    "sends frames over the limit",
    breakConnections((connection) => ({
      send: (payload) => connection.send(payload.slice(0, 1_000)),
    })),
    "sendLimit",
  ],
  [
    "hides why a connection ended",
    breakReceivers((receiver) => ({ end: () => receiver.end(null) })),
    "receiveLimit",
  ],
  [
    "tells of each write twice",
    breakReceivers((receiver) => ({
      written: () => {
        receiver.written();
        receiver.written();
      },
    })),
    "written",
  ],
  [
    "only says that it revoked",
    breakConnections(() => ({ revoke: () => true })),
    "revoke",
  ],
  [
    "counts no headers",
    breakConnections((connection) => ({
      get queuedBytes() {
        return Math.max(0, connection.queuedBytes - 4);
      },
    })),
    "byteCounts",
  ],
  [
    "tells of the end after close",
    breakConnections((connection) => {
      let receiver: FrameReceiver;
      return {
        start: (given) => connection.start(receiver = given),
        close: () => {
          connection.close();
          receiver.end(null);
        },
      };
    }),
    "close",
  ],
  [
    "tells of the end twice",
    breakReceivers((receiver) => ({
      end: (error) => {
        receiver.end(error);
        receiver.end(error);
      },
    })),
    "afterTheEnd",
  ],
  [
    "closes where it should finish",
    breakConnections((connection) => ({ finish: () => connection.close() })),
    "finish",
  ],
  [
    "sends what is queued before it closes",
    breakConnections((connection) => ({
      close: () => setImmediate(() => connection.close()),
    })),
    "closeLosesQueue",
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
      // Either a failed assertion, or an end where frames were awaited.
      const isVerdict = error.message.startsWith("Cannot wait for ") ||
        error instanceof AssertionError;
      assert(isVerdict, `Ended with: ${error}`);
      await run(memory);
    },
  });
}

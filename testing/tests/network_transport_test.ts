import { assertStrictEquals } from "@std/assert";
import type { Connection, Transport } from "../../transports/transport.ts";
import type { CtxTransport } from "../ctx_contract.ts";
import { type Layers, layersOf } from "../step/_transports.ts";
import { StepNetwork } from "../network/_network.ts";
import { Addresses } from "../step/_addresses.ts";
import { ResourceScope } from "../step/_resource_scope.ts";
import { testTransport } from "../transport_suite/transport_suite.ts";
import { nextTurn } from "../step/_within.ts";

/** A network without a step has no owners to choose by. */
function makeNetwork(
  name: CtxTransport,
  addresses: Addresses,
  layers: Layers = layersOf(name),
): StepNetwork {
  return new StepNetwork({
    ...layers,
    seed: 1,
    nextAddress: () => addresses.next(),
    belongs: () => false,
    isOwner: () => false,
  });
}

const NAMES = ["tcp", "unix", "memory"] as const;

/** Deno has no Unix sockets on Windows. */
function isMissing(name: CtxTransport): boolean {
  return name === "unix" && Deno.build.os === "windows";
}

for (const name of NAMES) {
  let network: StepNetwork;
  testTransport({
    scheme: layersOf(name).base.scheme,
    listen: (...args) => network.transport().listen(...args),
    connect: (...args) => network.transport().connect(...args),
  }, {
    name: `${name} through a network`,
    ignore: isMissing(name),
    place: () => {
      const scope = new ResourceScope({ step: name, keep: () => {} });
      const addresses = new Addresses(name, scope);
      network = makeNetwork(name, addresses);
      return {
        address: addresses.next(),
        dispose: async () => {
          await network[Symbol.asyncDispose]();
          await scope.close();
        },
      };
    },
  });
}

for (const name of NAMES) {
  Deno.test({
    name:
      `a client of ${name} gives up in time where the server never accepts it`,
    ignore: isMissing(name),
    timeout: 60_000,
    fn: async () => {
      await using stack = new AsyncDisposableStack();
      const scope = stack.adopt(
        new ResourceScope({ step: name, keep: () => {} }),
        async (it) => void await it.close(),
      );
      const addresses = new Addresses(name, scope);
      const { base, bytes } = layersOf(name);
      const made: Connection[] = [];
      // So it is with TLS when what the client said last was lost: it is done,
      // and the server waits for the rest.
      const halfway: Transport = {
        scheme: base.scheme,
        listen: (address, _accept, options) =>
          base.listen(address, () => {}, options),
        connect: async (...args) => {
          const connection = await base.connect(...args);
          made.push(connection);
          return connection;
        },
      };
      const network = stack.use(
        makeNetwork(name, addresses, { base: halfway, bytes }),
      );
      const transport = network.transport();
      const listener = stack.adopt(
        await transport.listen(addresses.next(), () => {}),
        (it) => it.close(),
      );
      const giveUp = new AbortController();
      const connecting = transport.connect(listener.address, giveUp);
      const gaveUp = connecting.then(() => null, (error) => error);
      while (made.length === 0) await nextTurn();
      await nextTurn();
      const reason = new Error("given up");
      giveUp.abort(reason);
      assertStrictEquals(await gaveUp, reason);
    },
  });
}

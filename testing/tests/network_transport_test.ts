import { assertStrictEquals } from "@std/assert";
import type { CtxTransport } from "../ctx_contract.ts";
import type { Connection } from "../../transports/transport.ts";
import { StepNetwork, type StepNetworkOptions } from "../network/_network.ts";
import { Addresses, baseOf } from "../step/_transports.ts";
import { ResourceScope } from "../step/_resource_scope.ts";
import { testTransport } from "../transport_suite/transport_suite.ts";
import { nextTurn } from "../fixtures/next_turn.ts";

/** Creates a network without a step, which has no owners to select by. */
function makeNetwork(base: StepNetworkOptions["base"]): StepNetwork {
  return new StepNetwork({
    seed: 1,
    base,
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
    scheme: baseOf(name).scheme,
    listen: (...args) => network.transport().listen(...args),
    connect: (...args) => network.transport().connect(...args),
  }, {
    name: `${name} through a network`,
    ignore: isMissing(name),
    place: () => {
      const scope = new ResourceScope({ step: name, keep: () => {} });
      const addresses = new Addresses(name, scope);
      network = makeNetwork(baseOf(name));
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
      const made: Connection[] = [];
      // Acts like a server whose queue of connections is full.
      const base = baseOf(name);
      const network = stack.use(makeNetwork({
        scheme: base.scheme,
        listen: (address, _accept, options) =>
          base.listen(address, ({ stream }) => stream.close(), options),
        connect: async (...args) => {
          const connection = await base.connect(...args);
          made.push(connection);
          return connection;
        },
      }));
      const transport = network.transport();
      const addresses = new Addresses(name, scope);
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
      // The end of the server also ends the wait.
      const waiting = transport.connect(listener.address);
      while (made.length === 1) await nextTurn();
      await listener.close();
      (await waiting).stream.close();
    },
  });
}

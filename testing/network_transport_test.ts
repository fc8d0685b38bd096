import { CleanUp } from "./_clean_up.ts";
import type { CtxTransport } from "./ctx_contract.ts";
import { layersOf } from "./_layers.ts";
import { StepNetwork } from "./_network.ts";
import { Places } from "./_places.ts";
import { testTransport } from "./transport_suite.ts";

/** A network without a step has no owners to choose by. */
function makeNetwork(name: CtxTransport, places: Places): StepNetwork {
  return new StepNetwork({
    ...layersOf(name),
    seed: 1,
    nextAddress: () => places.next(),
    belongs: () => false,
    isOwner: () => false,
  });
}

for (const name of ["tcp", "unix", "memory"] as const) {
  let network: StepNetwork;
  testTransport({
    scheme: layersOf(name).base.scheme,
    listen: (...args) => network.transport().listen(...args),
    connect: (...args) => network.transport().connect(...args),
  }, {
    name: `${name} through a network`,
    ignore: name === "unix" && Deno.build.os === "windows",
    place: () => {
      const cleanUp = new CleanUp();
      const places = new Places(name, cleanUp);
      network = makeNetwork(name, places);
      return {
        address: places.next(),
        dispose: async () => {
          await network[Symbol.asyncDispose]();
          await cleanUp.run();
        },
      };
    },
  });
}

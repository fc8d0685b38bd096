import type { CtxTlsOptions, CtxTransport } from "../ctx_contract.ts";
import { StepNetwork } from "../network/_network.ts";
import type { Holdings } from "./_resources.ts";
import { layersOf } from "./_layers.ts";
import type { Ledger } from "../ledger/_ledger.ts";
import type { Places } from "./_addresses.ts";

/** What a {@linkcode NetworkSlot} is made with. */
export interface NetworkSlotParts {
  readonly transport: CtxTransport;
  /** The certificates of a step with TLS. */
  readonly tls: CtxTlsOptions | null;
  readonly seed: number;
  readonly places: Places;
  readonly holdings: Holdings;
  readonly ledger: Ledger;
}

/**
 * The network of a step, if the test wants one: others do without its proxies.
 */
export class NetworkSlot {
  readonly #parts: NetworkSlotParts;
  #network: StepNetwork | null = null;
  #isTooLate = false;

  /** Makes an empty slot. */
  constructor(parts: NetworkSlotParts) {
    this.#parts = parts;
  }

  /** The network; made at the first call. */
  get(): StepNetwork {
    return this.#network ??= this.#make();
  }

  /** The network, if the test has asked for it. */
  peek(): StepNetwork | null {
    return this.#network;
  }

  /** A server is started: without a network by now, there is none. */
  begin(): void {
    this.#isTooLate = this.#network === null;
  }

  #make(): StepNetwork {
    const { transport, tls, seed, places, holdings, ledger } = this.#parts;
    holdings.check("'ctx.network'");
    if (this.#isTooLate) {
      throw new TypeError(
        "Cannot use 'ctx.network': this step had started a server before, whose connections lead around it; read it first, as in 'const { network } = ctx'",
      );
    }
    const network = holdings.use(
      new StepNetwork({
        ...layersOf(transport, tls),
        seed,
        nextAddress: () => places.next(),
        belongs: (end, owner) => ledger.belongs(end, owner),
        isOwner: (owner) => ledger.knows(owner),
      }),
    );
    holdings.ending.addEventListener("abort", () => network.end(), {
      once: true,
    });
    return network;
  }
}

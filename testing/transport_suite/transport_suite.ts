import type { Transport } from "../../transports/transport.ts";
import { checkReasons } from "./check_reasons.ts";
import { byteObligations } from "./_bytes.ts";
import { endingObligations } from "./_ending.ts";
import { listeningObligations } from "./_listening.ts";
import { loadObligations } from "./_load.ts";
import { type Obligations, Stage, type TransportPlace } from "./_stage.ts";

export type { TransportPlace } from "./_stage.ts";

/** Options for {@linkcode testTransport}. */
export interface TransportSuiteOptions {
  /**
   * The beginning of the tests' names.
   *
   * @default {the transport's scheme}
   */
  readonly name?: string;
  /** Returns a place to listen at, a new one each time. */
  readonly place: () => TransportPlace | Promise<TransportPlace>;
  /**
   * The names of obligations that the transport does not meet, such as
   * `bothDirections`, each with the reason. Their tests are reported as
   * ignored, with the reason. An unknown name throws a `TypeError` that lists
   * all names.
   *
   * @default {{}}
   */
  readonly skip?: Readonly<Record<string, string>>;
  /**
   * Ignores all tests. Set it where the system lacks something that the
   * transport needs.
   *
   * @default {false}
   */
  readonly ignore?: boolean;
  /**
   * The time limit of each test, in milliseconds.
   *
   * @default {60_000}
   */
  readonly timeoutMs?: number;
}

/** All obligations of a transport, by name. */
export const OBLIGATIONS: Obligations = {
  ...byteObligations,
  ...endingObligations,
  ...listeningObligations,
  ...loadObligations,
};

/**
 * Registers a `Deno.test`, with sanitizers on, for each obligation of a
 * transport. The layers above the transport rely on its contract, which is
 * documented in `transports/transport.ts`.
 *
 * One obligation cannot be tested from inside a test: `unref` lets a process
 * end.
 *
 * @throws {TypeError} If `skip` names an unknown obligation, or one without a
 * reason.
 *
 * @example Test a transport of your own
 * ```ts ignore
 * import { testTransport } from "@denomas/denomas/testing";
 * import { carrierPigeon } from "./carrier_pigeon.ts";
 *
 * let coops = 0;
 * testTransport(carrierPigeon, {
 *   place: () => ({ address: `pigeon://coop-${++coops}` }),
 *   skip: { bothDirections: "a pigeon flies one way at a time" },
 * });
 * ```
 */
export function testTransport(
  transport: Transport,
  options: TransportSuiteOptions,
): void {
  const { name = transport.scheme, skip = {}, ignore = false } = options;
  checkReasons(name, skip, OBLIGATIONS);
  for (const [key, { title, run }] of Object.entries(OBLIGATIONS)) {
    const reason = skip[key];
    const skipped = reason === undefined ? "" : ` (skipped: ${reason})`;
    Deno.test({
      name: `${name} ${title}${skipped}`,
      ignore: ignore || reason !== undefined,
      sanitizeOps: true,
      sanitizeResources: true,
      timeout: options.timeoutMs ?? 60_000,
      fn: async () => {
        await using stage = new Stage(transport, await options.place());
        await run(stage);
      },
    });
  }
}

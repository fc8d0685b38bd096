import type { Transport } from "../../transports/transport.ts";
import { type EndingObligation, endingObligations } from "./_ending.ts";
import { type FrameObligation, frameObligations } from "./_frames.ts";
import {
  type ListeningObligation,
  listeningObligations,
} from "./_listening.ts";
import { type LoadObligation, loadObligations } from "./_load.ts";
import { type QueueObligation, queueObligations } from "./_queue.ts";
import { type Obligations, Stage, type TransportPlace } from "./_stage.ts";

export type { EndingObligation } from "./_ending.ts";
export type { FrameObligation } from "./_frames.ts";
export type { ListeningObligation } from "./_listening.ts";
export type { LoadObligation } from "./_load.ts";
export type { QueueObligation } from "./_queue.ts";
export type { TransportPlace } from "./_stage.ts";

/** The name of something that the contract asks of a transport. */
export type TransportObligation =
  | FrameObligation
  | QueueObligation
  | EndingObligation
  | ListeningObligation
  | LoadObligation;

/** Options for {@linkcode testTransport}. */
export interface TransportSuiteOptions {
  /**
   * What the tests' names begin with.
   *
   * @default {the transport's scheme}
   */
  readonly name?: string;
  /** Makes a place to listen at, another one each time. */
  readonly place: () => TransportPlace | Promise<TransportPlace>;
  /**
   * Obligations that the transport does not meet, each with the reason. Their
   * tests are shown as ignored, with it.
   *
   * @default {{}}
   */
  readonly skip?: Readonly<Partial<Record<TransportObligation, string>>>;
  /**
   * Ignores all tests, as where the system does not have what the transport
   * needs.
   *
   * @default {false}
   */
  readonly ignore?: boolean;
  /**
   * How long each test may take, in milliseconds.
   *
   * @default {60_000}
   */
  readonly timeoutMs?: number;
}

const OBLIGATIONS: Obligations<TransportObligation> = {
  ...frameObligations,
  ...queueObligations,
  ...endingObligations,
  ...listeningObligations,
  ...loadObligations,
};

/**
 * Registers a `Deno.test`, with sanitizers on, for everything that the
 * contract in `transports/transport.ts` asks of a transport, so that the
 * layers above can rely on it.
 *
 * What cannot be seen from outside is not tested: that frames queued together
 * leave as one write (count the writes of your own byte stream), and that
 * `unref` lets a process end.
 *
 * @throws {TypeError} If an obligation is skipped that there is not, or
 * without a reason.
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
  checkReasons(name, skip);
  for (const [key, { title, run }] of Object.entries(OBLIGATIONS)) {
    const reason = skip[key as TransportObligation];
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

/** A skipped test without a reason would be forgotten. */
function checkReasons(name: string, skip: Readonly<Record<string, string>>) {
  for (const [key, reason] of Object.entries(skip)) {
    if (!Object.hasOwn(OBLIGATIONS, key)) {
      throw new TypeError(
        `Cannot skip '${key}' for '${name}': it must be one of '${
          Object.keys(OBLIGATIONS).join("', '")
        }'`,
      );
    }
    if (reason.trim() === "") {
      throw new TypeError(
        `Cannot skip '${key}' for '${name}': it is '${reason}', and must be the reason`,
      );
    }
  }
}

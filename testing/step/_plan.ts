import type { Codec } from "../../channel/codecs/codec.ts";
import { json } from "../../channel/codecs/json/json.ts";
import type { CtxTransport } from "../ctx_contract.ts";
import { resolveSeed } from "./_environment.ts";

/** A step to run. */
export interface PlannedStep {
  /** The transport, and the codec where the test chooses codecs. */
  readonly name: string;
  readonly transport: CtxTransport;
  readonly codec: Codec;
  /** The date at which its clock begins, if it has one. */
  readonly utcStart: Date | string | undefined;
  /** The seed of its random numbers. */
  readonly seed: number;
  /** The reason why it cannot run on this system, or `null`. */
  readonly ignoredBecause: string | null;
}

/** The options of a test that its steps depend on. */
export interface PlanOptions {
  /** The transports to run on. */
  readonly transports?: readonly CtxTransport[] | undefined;
  /** The codecs to run with. */
  readonly codecs?: readonly Codec[] | undefined;
  /** The date at which their clocks begin, if they have clocks. */
  readonly utcStart?: Date | string | undefined;
  /** The seed of their random numbers. */
  readonly seed?: number | undefined;
}

const ALL: readonly CtxTransport[] = ["tcp", "unix", "memory"];

/**
 * Returns one step for each transport and codec.
 *
 * @throws {RangeError} If there would be none, or the seed is out of range.
 */
export function planSteps(
  { transports = ALL, codecs, utcStart, seed: wanted }: PlanOptions = {},
  os: typeof Deno.build.os = Deno.build.os,
): PlannedStep[] {
  check("transports", transports);
  if (codecs !== undefined) check("codecs", codecs);
  const seed = resolveSeed(wanted);
  return transports.flatMap((transport) =>
    (codecs ?? [json()]).map((codec) => ({
      name: codecs === undefined ? transport : `${transport} · ${codec.name}`,
      transport,
      codec,
      utcStart,
      seed,
      ignoredBecause: transport === "unix" && os === "windows"
        ? "Deno has no Unix sockets on Windows"
        : null,
    }))
  );
}

/** A test without steps would always pass. */
function check(name: string, chosen: readonly unknown[]): void {
  if (chosen.length > 0) return;
  throw new RangeError(
    `Cannot register test: '${name}' is empty, name at least one`,
  );
}

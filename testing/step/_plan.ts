import type { Codec } from "../../channel/codecs/codec.ts";
import { json } from "../../channel/codecs/json/json.ts";
import type { CtxTransport } from "../ctx_contract.ts";
import { resolveSeed } from "./_environment.ts";

/** A step that is to be run. */
export interface PlannedStep {
  /** Its transport, and its codec where codecs were chosen. */
  readonly name: string;
  readonly transport: CtxTransport;
  readonly codec: Codec;
  /** The date at which its clock begins, if it has one. */
  readonly utcStart: Date | string | undefined;
  /** What its chances are drawn from. */
  readonly seed: number;
  /** Why it cannot run here, if it cannot. */
  readonly ignoredBecause: string | null;
}

/** What a test says of its steps. */
export interface PlanOptions {
  /** The transports to run on. */
  readonly transports?: readonly CtxTransport[] | undefined;
  /** The codecs to run with. */
  readonly codecs?: readonly Codec[] | undefined;
  /** The date at which their clocks begin, if they have one. */
  readonly utcStart?: Date | string | undefined;
  /** What their chances are drawn from. */
  readonly seed?: number | undefined;
}

const ALL: readonly CtxTransport[] = ["tcp", "unix", "memory"];

/** One step for each transport and codec. */
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

/** A test with no steps would always pass. */
function check(name: string, chosen: readonly unknown[]): void {
  if (chosen.length > 0) return;
  throw new RangeError(
    `Cannot register test: '${name}' is empty, name at least one`,
  );
}

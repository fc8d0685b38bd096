import type { Codec } from "../../channel/codecs/codec.ts";
import { json } from "../../channel/codecs/json/json.ts";
import { world } from "../../transports/internal.ts";
import type { CtxOptions, CtxOwnTransport } from "../ctx_contract.ts";
import {
  readVariable,
  splitTransports,
  TRANSPORTS_VARIABLE,
} from "./_environment.ts";
import { ownTransports } from "./own_transports.ts";
import { nameOf, type StepTransport } from "./_transports.ts";

const SEED_VARIABLE = "DENOMAS_SEED";
const LARGEST_SEED = 2 ** 32 - 1;

/** A step to run. */
export interface PlannedStep {
  /** The transport, followed by the codec if the test selects codecs. */
  readonly name: string;
  readonly transport: StepTransport;
  readonly codec: Codec;
  /** The date at which the step's clock begins, if it has a clock. */
  readonly utcStart: Date | string | undefined;
  /** The seed of its random numbers. */
  readonly seed: number;
  /** The reason why it cannot run on this system, or `null`. */
  readonly ignoredBecause: string | null;
}

/** The options of a test that determine its steps. */
export type PlanOptions = Pick<
  CtxOptions,
  "transports" | "codecs" | "utcStart" | "seed"
>;

const ALL: readonly StepTransport[] = ["tcp", "unix", "memory"];
const NAMES: readonly StepTransport[] = [...ALL, "tls", "ws"];

/**
 * Returns one step for each transport and codec.
 *
 * @throws {RangeError} If there would be no step, a transport is unknown, or the
 * seed is out of range.
 */
export function planSteps(
  { transports: wantedTransports = ALL, codecs, utcStart, seed: wanted }:
    PlanOptions = {},
  os: typeof Deno.build.os = Deno.build.os,
  chosen: string = readVariable(TRANSPORTS_VARIABLE) ?? "",
  own: readonly CtxOwnTransport[] = ownTransports,
): PlannedStep[] {
  check("transports", wantedTransports);
  checkNames(
    "'transports'",
    wantedTransports.filter((it) => typeof it === "string"),
  );
  const isAnywhere = ALL.every((it) => wantedTransports.includes(it));
  const transports = isAnywhere
    ? [...wantedTransports, ...own]
    : wantedTransports;
  const isChosen = parseChoice(chosen, own);
  if (codecs !== undefined) check("codecs", codecs);
  const seed = resolveSeed(wanted);
  return transports.flatMap((transport) =>
    (codecs ?? [json()]).map((codec) => ({
      name: codecs === undefined
        ? nameOf(transport)
        : `${nameOf(transport)} · ${codec.name}`,
      transport,
      codec,
      utcStart,
      seed,
      ignoredBecause: !isChosen(transport)
        ? `not in ${TRANSPORTS_VARIABLE}`
        : transport === "unix" && os === "windows"
        ? "Deno has no Unix sockets on Windows"
        : null,
    }))
  );
}

/**
 * Parses a list of transports, such as `tcp,memory`; an empty one allows all.
 */
function parseChoice(
  text: string,
  own: readonly CtxOwnTransport[],
): (transport: StepTransport) => boolean {
  const [modules, chosen] = splitTransports(text);
  checkNames(TRANSPORTS_VARIABLE, chosen);
  return (transport) =>
    typeof transport === "object" && own.includes(transport) ||
    chosen.length + modules.length === 0 || chosen.includes(nameOf(transport));
}

/** Throws if nothing was chosen: a test without steps would always pass. */
function check(name: string, chosen: readonly unknown[]): void {
  if (chosen.length > 0) return;
  throw new RangeError(
    `Cannot register test: '${name}' is empty, name at least one`,
  );
}

/** Throws if `list` names an unknown transport. */
function checkNames(list: string, names: readonly string[]): void {
  const unknown = names.find((name) => !(NAMES as string[]).includes(name));
  if (unknown === undefined) return;
  throw new RangeError(
    `Cannot register test: ${list} names '${unknown}', it may name ${
      NAMES.join(", ")
    }`,
  );
}

/**
 * Returns the seed of a test's random numbers: `wanted`, or else `text`, by
 * default from the environment, or else a new one each time.
 *
 * @throws {RangeError} If the seed is not an integer from 0 to 4,294,967,295.
 */
export function resolveSeed(
  wanted: number | undefined,
  text: string = readVariable(SEED_VARIABLE) ?? "",
): number {
  const seed = wanted ?? (text === "" ? randomSeed() : Number(text));
  if (Number.isInteger(seed) && seed >= 0 && seed <= LARGEST_SEED) return seed;
  throw new RangeError(
    `Cannot register test: the seed is ${seed}, it must be an integer from 0 to ${LARGEST_SEED}`,
  );
}

function randomSeed(): number {
  return Math.floor(world.random() * (LARGEST_SEED + 1));
}

/** Describes how to run a failed step again with the same random numbers. */
export function describeSeed(seed: number): string {
  return `The network's seed was ${seed}: set ${SEED_VARIABLE}=${seed} or the option 'seed' to run with it again`;
}

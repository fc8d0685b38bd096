import { abortable } from "../../channel/internal.ts";
import type { CloseReason } from "../../channel/errors.ts";
import { describeThrown } from "../../channel/message.ts";
import type { OnError } from "../../channel/report.ts";
import {
  type CommandLine,
  HELP,
  type OptionTable,
  parseCommandLine,
} from "./command_line.ts";
import { type Log, logTo, print, printError } from "./_log.ts";
import type {
  RunningSimulator,
  SimulatorOptions,
} from "./running_simulator.ts";
import type { RunOptions } from "./_simulator_run.ts";
import type { Simulator } from "./simulator.ts";
import { connectSimulator, listenSimulator } from "./start.ts";

/** The signals that ask a process to end; Windows has only the first one. */
const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM"];

/** Options for {@linkcode runSimulator}. */
export interface RunSimulatorOptions extends SimulatorOptions {
  /**
   * The text at the beginning of the help, such as what the program does and
   * which options of its own it has.
   *
   * @default {"A simulator for mosaik."}
   */
  readonly description?: string | undefined;
  /**
   * Your own command-line options, in the format of `parseArgs` of `node:util`.
   * Their values are passed to `configure`. The options of all simulators,
   * `help`, `log-level`, `remote`, `timeout` and their letters, cannot be
   * replaced.
   *
   * @default {none}
   */
  readonly options?: OptionTable | undefined;
  /**
   * The command line.
   *
   * @default {Deno.args}
   */
  readonly args?: readonly string[] | undefined;
}

/**
 * Runs a simulator as a program with the same command line as mosaik's own
 * simulators. It connects to `HOST:PORT`, or with `--remote` waits there for
 * mosaik. Further options are `--timeout`, `--log-level` and `--help`.
 *
 * Resolves at the end, after `stop`, to the exit code for the program. The code
 * is 0 if mosaik stopped the simulator, if it was interrupted, or if only the
 * help was shown; otherwise it is 1, and the reason is on standard error.
 * `SIGTERM`, with which mosaik ends the processes that it has started, and
 * `SIGINT` close the simulator gracefully.
 *
 * ```ts
 * import { runSimulator, Simulator } from "@denomas/denomas/mosaik";
 *
 * class Clock extends Simulator {
 *   override readonly meta = {
 *     type: "time-based",
 *     models: { Clock: { public: true, params: [], attrs: [] } },
 *   } as const;
 *   override create(num: number, type: string) {
 *     return Array.from({ length: num }, (_, i) => ({ eid: `clock-${i}`, type }));
 *   }
 *   override step(time: number): number {
 *     return time + 60;
 *   }
 * }
 *
 * if (import.meta.main) Deno.exit(await runSimulator(new Clock()));
 * ```
 */
export async function runSimulator<S extends Simulator>(
  simulator: S,
  options: RunSimulatorOptions = {},
): Promise<number> {
  const {
    description = "A simulator for mosaik.",
    options: own = {},
    args = Deno.args,
  } = options;
  const help = `${description}\n\n${HELP}`;
  let commandLine: CommandLine | null;
  try {
    commandLine = parseCommandLine(args, own);
  } catch (error) {
    printError(`${describeThrown(error)}\n\n${help}`);
    return 1;
  }
  if (commandLine !== null) return await runAs(commandLine, simulator, options);
  print(help);
  return 0;
}

async function runAs(
  commandLine: CommandLine,
  simulator: Simulator,
  options: RunSimulatorOptions,
): Promise<number> {
  const log = logTo(commandLine.logLevel);
  let failures = 0;
  const onError: OnError = (error, context) => {
    failures++;
    if (options.onError === undefined) log("error", describeThrown(error));
    // Returned, so that the caller handles a promise that rejects.
    else return options.onError(error, context);
  };
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  const outer = options.signal === undefined ? [] : [options.signal];
  const signal = AbortSignal.any([interruption.signal, ...outer]);
  for (const name of SIGNALS) Deno.addSignalListener(name, interrupt);
  try {
    await abortable(simulator.configure?.(commandLine), signal);
    const onCall = (name: string, args: readonly unknown[]) =>
      logCall(log, name, args);
    const all = { ...options, signal, onError, onCall };
    const running = await start(commandLine, simulator, all, log);
    const reason = await running.closed;
    return conclude(reason, log) && failures === 0 ? 0 : 1;
  } catch (error) {
    if (signal.aborted) return 0;
    log("critical", describeThrown(error));
    return 1;
  } finally {
    for (const name of SIGNALS) Deno.removeSignalListener(name, interrupt);
  }
}

async function start(
  { address, remote, timeoutMs }: CommandLine,
  simulator: Simulator,
  options: RunOptions,
  log: Log,
): Promise<RunningSimulator> {
  if (!remote) {
    log("debug", `connects to mosaik at ${address}`);
    const running = await connectSimulator(simulator, address, options);
    log("info", `connected to mosaik at ${address}`);
    return running;
  }
  const all = { ...options, timeoutMs };
  const running = await listenSimulator(simulator, address, all);
  log("info", `waits for mosaik at ${running.address}`);
  return running;
}

function logCall(log: Log, name: string, args: readonly unknown[]): void {
  log("debug", `mosaik calls '${name}'`);
  log("trace", () => `its arguments are ${JSON.stringify(args)}`);
}

/** Logs how the run ended, and returns whether it ended normally. */
function conclude({ by, code, message }: CloseReason, log: Log): boolean {
  const isGood = by === "local" || (by === "peer" && code === "closed");
  log(isGood ? "info" : "error", message);
  return isGood;
}

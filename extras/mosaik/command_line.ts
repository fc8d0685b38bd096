import type { ParseArgsConfig } from "node:util";

/** All levels, the most talkative first. */
export const LOG_LEVELS = [
  "trace",
  "debug",
  "info",
  "warning",
  "error",
  "critical",
] as const;

/** How much a simulator tells on standard error; each level tells less. */
export type LogLevel = typeof LOG_LEVELS[number];

/** Options on the command line by their long names, as `node:util` has them. */
export type OptionTable = NonNullable<ParseArgsConfig["options"]>;

/** What was on the command line of a simulator, for `configure`. */
export interface CommandLine {
  /** Where mosaik is, or where to wait for it: `tcp://host:port`. */
  readonly address: string;
  /** Whether mosaik connects to the simulator, and not the other way round. */
  readonly remote: boolean;
  /** How long mosaik may take to connect then, in milliseconds. */
  readonly timeoutMs: number;
  /** How much is told on standard error. */
  readonly logLevel: LogLevel;
  /**
   * Your own options by name, as `parseArgs` of `node:util` returns them. What
   * was not given, and has no default, is not there.
   */
  readonly options: Readonly<
    Record<string, string | boolean | (string | boolean)[] | undefined>
  >;
}

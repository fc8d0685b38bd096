import { parseArgs, type ParseArgsConfig } from "node:util";
import { parseAddress } from "../../transports/address.ts";

/** All levels, the most verbose first. */
export const LOG_LEVELS = [
  "trace",
  "debug",
  "info",
  "warning",
  "error",
  "critical",
] as const;

/**
 * The log levels of a simulator on standard error, from most to least verbose.
 */
export type LogLevel = typeof LOG_LEVELS[number];

/** Command-line options by their long names, in the format of `node:util`. */
export type OptionTable = NonNullable<ParseArgsConfig["options"]>;

/** The parsed command line of a simulator, for `configure`. */
export interface CommandLine {
  /**
   * The address of mosaik, or the address to wait for it at: `tcp://host:port`.
   */
  readonly address: string;
  /**
   * Whether mosaik connects to the simulator, instead of the simulator to
   * mosaik.
   */
  readonly remote: boolean;
  /**
   * How long to wait for mosaik to connect if `remote` is set, in milliseconds.
   */
  readonly timeoutMs: number;
  /** The log level on standard error. */
  readonly logLevel: LogLevel;
  /**
   * Your own options by name, as `parseArgs` of `node:util` returns them.
   * Options that were not given and have no default are absent.
   */
  readonly options: Readonly<
    Record<string, string | boolean | (string | boolean)[] | undefined>
  >;
}

/** The options that all simulators have. */
const COMMON = {
  help: { type: "boolean", short: "h" },
  "log-level": { type: "string", short: "l", default: "info" },
  remote: { type: "boolean", short: "r" },
  timeout: { type: "string", short: "t", default: "60" },
} as const;

/** The help text on the options of all simulators. */
export const HELP = `Usage: [options] HOST:PORT

  HOST:PORT                      Where mosaik is, or where to wait for it
  -h, --help                     Show this help
  -l LEVEL, --log-level LEVEL    How much to tell: ${LOG_LEVELS.join(", ")}
                                 [default: info]
  -r, --remote                   Wait for mosaik to connect to this program
  -t SECONDS, --timeout SECONDS  How long mosaik may take to connect then
                                 [default: 60]`;

/**
 * Parses a command line that may have `own` options in addition to those of all
 * simulators. Returns `null` if it asks for help.
 *
 * @throws {TypeError} If the command line is invalid; the message says why.
 */
export function parseCommandLine(
  args: readonly string[],
  own: OptionTable,
): CommandLine | null {
  const { values, positionals } = parse(args, own);
  const { help, remote, timeout, "log-level": level, ...options } = values;
  if (help === true) return null;
  return {
    address: toAddress(positionals),
    remote: remote === true,
    timeoutMs: toTimeoutMs(String(timeout)),
    logLevel: toLogLevel(String(level)),
    options: { ...options },
  };
}

function parse(args: readonly string[], own: OptionTable) {
  try {
    const options: OptionTable = { ...own, ...COMMON };
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    refuse(error instanceof Error ? error.message : String(error));
  }
}

function refuse(why: string): never {
  throw new TypeError(`Cannot read the command line: ${why}`);
}

function toAddress([place, ...rest]: readonly string[]): string {
  if (place === undefined) {
    refuse("there is no HOST:PORT, give one");
  }
  if (rest.length > 0) {
    refuse(`'${rest[0]}' is one too many, give one HOST:PORT`);
  }
  const address = `tcp://${place.trim()}`;
  if (!("host" in parseAddress(address))) {
    refuse(`'${place}' is no HOST:PORT`);
  }
  return address;
}

function toTimeoutMs(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== "" && seconds >= 0) return seconds * 1_000;
  refuse(`'--timeout' is '${text}', wanted seconds`);
}

function toLogLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((it) => it === text);
  if (level !== undefined) return level;
  refuse(`'--log-level' is '${text}', use ${LOG_LEVELS.join(", ")}`);
}

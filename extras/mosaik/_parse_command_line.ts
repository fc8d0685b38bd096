import { parseArgs } from "node:util";
import { parseAddress } from "../../transports/address.ts";
import type {
  CommandLine,
  CommandLineOption,
  LogLevel,
} from "./command_line.ts";

/** All levels, the most talkative first. */
export const LOG_LEVELS: readonly LogLevel[] = [
  "trace",
  "debug",
  "info",
  "warning",
  "error",
  "critical",
];

/** Options by their long names. */
export type OptionTable = Readonly<Record<string, CommandLineOption>>;

/** The options that all simulators have. */
const COMMON: OptionTable = {
  help: { short: "h", description: "Show this help" },
  "log-level": {
    short: "l",
    value: "LEVEL",
    description: `How much to tell: ${LOG_LEVELS.join(", ")}`,
    default: "info",
  },
  remote: {
    short: "r",
    description: "Wait for mosaik to connect, in the place of connecting",
  },
  timeout: {
    short: "t",
    value: "SECONDS",
    description: "How long mosaik may take to connect then",
    default: "60",
  },
};

/**
 * Checks that options of a simulator's own are none of the others.
 *
 * @throws {TypeError} If a name or a letter is taken.
 */
export function checkOptionNames(own: OptionTable): void {
  const letters = new Set(Object.values(COMMON).map(({ short }) => short));
  for (const [name, { short }] of Object.entries(own)) {
    if (Object.hasOwn(COMMON, name)) refuseName(`--${name}`);
    if (short === undefined) continue;
    if (letters.has(short)) refuseName(`-${short}`);
    letters.add(short);
  }
}

function refuseName(name: string): never {
  throw new TypeError(
    `Cannot have an option '${name}': there is one already, choose another name`,
  );
}

/** What a command line asks for. */
export type Parsed =
  | { readonly kind: "help" }
  | { readonly kind: "run"; readonly commandLine: CommandLine };

/**
 * Reads a command line that may have `own` options beside those of all
 * simulators.
 *
 * @throws {TypeError} If it cannot be read; the message says why.
 */
export function parseCommandLine(
  args: readonly string[],
  own: OptionTable,
): Parsed {
  const { values, positionals } = parse(args, { ...own, ...COMMON });
  const { help, remote, timeout, "log-level": level, ...options } = values;
  if (help === true) return { kind: "help" };
  return {
    kind: "run",
    commandLine: {
      address: toAddress(positionals),
      remote: remote === true,
      timeoutMs: toTimeoutMs(timeout as string),
      logLevel: toLogLevel(level as string),
      options: { ...options },
    },
  };
}

function parse(args: readonly string[], table: OptionTable) {
  const options = Object.fromEntries(
    Object.entries(table).map(([name, option]) => [name, {
      type: option.value === undefined ? "boolean" as const : "string" as const,
      ...(option.short !== undefined && { short: option.short }),
      ...(option.value !== undefined && option.default !== undefined &&
        { default: option.default }),
    }]),
  );
  try {
    const parsed = parseArgs({
      args: [...args],
      options,
      allowPositionals: true,
    });
    return {
      values: parsed.values as Record<string, string | boolean>,
      positionals: parsed.positionals,
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    refuse(why);
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

/** Returns the help text: a description and all options. */
export function helpText(description: string, own: OptionTable): string {
  const rows = Object.entries({ ...COMMON, ...own }).map(describeOption);
  const width = Math.max(...rows.map(([left]) => left.length));
  return [
    description,
    "",
    "Usage: [options] HOST:PORT",
    "",
    `  ${"HOST:PORT".padEnd(width)}  Where mosaik is, or where to wait for it`,
    ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`),
  ].join("\n");
}

function describeOption(
  [name, option]: readonly [string, CommandLineOption],
): [left: string, right: string] {
  const { short, value, description, default: fallback } = option;
  const argument = value === undefined ? "" : ` ${value}`;
  const long = `--${name}${argument}`;
  return [
    short === undefined ? long : `-${short}${argument}, ${long}`,
    fallback === undefined
      ? description
      : `${description} [default: ${fallback}]`,
  ];
}

/** How much a simulator tells on standard error; each level tells less. */
export type LogLevel =
  | "trace"
  | "debug"
  | "info"
  | "warning"
  | "error"
  | "critical";

/** An option of your own on the command line. */
export interface CommandLineOption {
  /** What the help says of it. */
  readonly description: string;
  /** One letter for it; not `h`, `l`, `r` or `t`. */
  readonly short?: string;
  /**
   * What the help calls its value, such as `"FILE"`.
   *
   * @default {it has no value, and is there or not}
   */
  readonly value?: string;
  /** Its value if it is not there; only for one that has a value. */
  readonly default?: string;
}

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
   * Your own options by name: a text for one with a value, `true` for one
   * without. What was not given, and has no default, is not there.
   */
  readonly options: Readonly<Record<string, string | boolean>>;
}

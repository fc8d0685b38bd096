import type { CloseReason } from "../../channel/errors.ts";
import type { ContainerOptions } from "../container_options.ts";
import type { TlsOptions } from "../../transports/tls/options.ts";

/** A permission: everything, nothing, or the listed items. */
export type SpawnPermission = boolean | readonly (string | URL)[];

/**
 * The permissions of a spawned process beyond what its container needs, by the
 * names of Deno's flags: `net: ["example.com:443"]` is
 * `--allow-net=example.com:443`, and `true` allows everything. A permission that
 * is left out is denied.
 */
export interface SpawnPermissions {
  /**
   * Environment variables. Listed variables are also passed on; with `true` the
   * process may read the variables that it has, see the option `env`.
   */
  readonly env?: SpawnPermission | undefined;
  /** Native libraries. */
  readonly ffi?: SpawnPermission | undefined;
  /** Hosts from which remote modules may be imported. */
  readonly import?: SpawnPermission | undefined;
  /** Hosts, as `"host:port"` or `"unix:/path"`. */
  readonly net?: SpawnPermission | undefined;
  /** Files and folders that may be read. */
  readonly read?: SpawnPermission | undefined;
  /** Programs that may be run. */
  readonly run?: SpawnPermission | undefined;
  /** Information about the machine, such as `"hostname"`. */
  readonly sys?: SpawnPermission | undefined;
  /** Files and folders that may be written. */
  readonly write?: SpawnPermission | undefined;
}

/** The start of the clock of a spawned container. */
export interface SpawnClockOptions {
  /** The date that belongs to time 0, as for an `ExternalClock`. */
  readonly utcStart: Date | string;
  /**
   * The time at the start, in seconds.
   *
   * @default {0}
   */
  readonly initTime?: number | undefined;
}

/**
 * The options of a container that are plain data, and so can cross to another
 * process. A spawned container has those of its parent, unless it is given its
 * own.
 */
export const PLAIN_OPTIONS = [
  "authenticateMs",
  "concurrent",
  "extensions",
  "heartbeatMs",
  "limits",
  "maskErrors",
  "maxReferences",
  "maxWatches",
  "mode",
  "sendStacks",
  "streamWindow",
  "timeoutMs",
] as const satisfies readonly (keyof ContainerOptions)[];

/**
 * The options of a container that are code. For a spawned container each is the
 * name of an export of its modules.
 */
export const NAMED_OPTIONS = [
  "allowConnect",
  "authenticate",
  "codec",
  "credentialsFor",
  "middleware",
  "onError",
  "onMethodError",
  "store",
  "transports",
] as const satisfies readonly (keyof ContainerOptions)[];

/** The plain options of a container. */
export type PlainOptions = Pick<
  ContainerOptions,
  (typeof PLAIN_OPTIONS)[number]
>;

/** Names of exports, for the options of a container that are code. */
export type NamedOptions = {
  readonly [K in (typeof NAMED_OPTIONS)[number]]?: string | undefined;
};

/**
 * Options for `spawnContainer`. Those that are data and are not described here,
 * such as `limits`, `timeoutMs` and `heartbeatMs`, are those of a container; one
 * that is left out is the parent's.
 */
export interface SpawnOptions extends PlainOptions, NamedOptions {
  /**
   * `"process"`: a process of its own, limited to its permissions. `"worker"`: a
   * thread of this process, which starts faster and has all its permissions.
   */
  readonly kind: "process" | "worker";
  /**
   * The only modules whose classes can be spawned, by names of your choice: URLs
   * or absolute paths.
   */
  readonly modules: Readonly<Record<string, string | URL>>;
  /**
   * The address where the new container listens: `tcp://host:port` or
   * `ipc://[/path/to/socket]`. Memory is not shared with this process.
   *
   * @default {"tcp://127.0.0.1:0"}
   */
  readonly address?: string | undefined;
  /**
   * The host in its address, as for a container.
   *
   * @default {the host of `address`; for a wildcard, the machine's name}
   */
  readonly publicHost?: string | undefined;
  /**
   * The permissions of a process, beyond listening at its address, calling its
   * parent and loading its modules. A Worker has those of this process.
   *
   * @default {none}
   */
  readonly permissions?: SpawnPermissions | undefined;
  /**
   * Environment variables of a process, in addition to those that Deno needs
   * (`PATH`, `HOME` and `DENO_DIR` among them) and those that `permissions.env`
   * lists. No other variable of this process is passed on. A Worker has the
   * environment of this process.
   *
   * @default {none}
   */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /**
   * The system's clock, or an external one that stands still until `setTime`
   * sets it.
   *
   * @default {"system"}
   */
  readonly clock?: "system" | SpawnClockOptions | undefined;
  /**
   * The seed of `container.random` there, as of a container.
   *
   * @default {made from the seed of its parent, in the order of creation; random
   * if its parent has none and its clock is the system's}
   */
  readonly seed?: number | undefined;
  /**
   * The exports of its modules that are the serializers of the parent, in the
   * same order, such as `"shapes:pointSerializer"`.
   *
   * @default {[]}
   */
  readonly serializers?: readonly string[] | undefined;
  /**
   * The TLS options for `tcp://` addresses, as of a container; `null` for none,
   * which requires an address that is not `tcp://` if the parent uses TLS. Files
   * are read by this process, once, and their text is passed on. All code in the
   * new container can read its key.
   *
   * @default {those of the parent, key included; with `credentials: null` none}
   */
  readonly tls?: TlsOptions | null | undefined;
  /**
   * The credentials that it shows to `authenticate` of others; `null` for none,
   * which makes it a sandbox that gets no secret of its parent. A function is
   * called by this process, once, with the address. For calls of the child,
   * `authenticate` of the parent is given these credentials; they are also the
   * only ones that the parent shows to the child.
   *
   * @default {those of the parent}
   */
  readonly credentials?: unknown;
  /**
   * The export of its modules that identifies its peers, such as
   * `"club:authenticate"`. Its parent shows the `credentials` of the child.
   *
   * @default {everybody may call, even if the parent authenticates}
   */
  readonly authenticate?: string | undefined;
  /**
   * The export of its modules that decides which agents it may call among those
   * that others passed to it, as `allowConnect` of a container.
   *
   * @default {those of its parent, and of containers that it has connected to}
   */
  readonly allowConnect?: string | undefined;
  /**
   * The export of its modules that decides to whom else it shows its
   * credentials, as `credentialsFor` of a container.
   *
   * @default {nobody else}
   */
  readonly credentialsFor?: string | undefined;
  /**
   * The export of its modules that is its codec, such as `"codecs:packed"`. It
   * must have the name of the parent's codec.
   *
   * @default {`json()` or `msgpack()`, as the parent's}
   */
  readonly codec?: string | undefined;
  /**
   * The export of its modules that is its middleware, such as `"watch:middleware"`
   * with `openTelemetry()` in it.
   *
   * @default {none}
   */
  readonly middleware?: string | undefined;
  /**
   * The export of its modules that receives errors that no caller awaits, as
   * `onError` of a container.
   *
   * @default {one line on its stderr}
   */
  readonly onError?: string | undefined;
  /**
   * The export of its modules that receives the errors of methods, as
   * `onMethodError` of a container.
   *
   * @default {one line on its stderr}
   */
  readonly onMethodError?: string | undefined;
  /**
   * The export of its modules that keeps the states of its agents.
   *
   * @default {`memoryStore()`, for as long as it is open}
   */
  readonly store?: string | undefined;
  /**
   * The export of its modules that is the list of its transports. Not with TLS,
   * whose key cannot be passed on to them.
   *
   * @default {TCP, Unix sockets and memory}
   */
  readonly transports?: string | undefined;
  /**
   * Further flags for `deno run`, such as `--import-map=…`.
   *
   * @default {`--config=…` with the nearest `deno.json` above the first module
   * that is a file, else above the main module of this process}
   */
  readonly flags?: readonly string[] | undefined;
  /**
   * Hears each line that the child prints, without its end. An error that it
   * throws is reported.
   *
   * @default {prints the line, after the container's address}
   */
  readonly onLog?: OnLog | undefined;
  /**
   * The longest time for the start, in milliseconds. For a Worker it begins when
   * the files of this package run there, since Deno may check their types first.
   *
   * @default {10_000}
   */
  readonly startTimeoutMs?: number | undefined;
  /** Gives the start up; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Hears a line that a spawned container prints, without its end. */
export type OnLog = (line: string, from: "stdout" | "stderr") => void;

/** The reason for which a spawned container is gone. */
export interface SpawnedCloseReason extends CloseReason {
  /**
   * `"local"`: this side closed it. `"peer"`: it closed itself.
   * `"error"`: it ended otherwise, or its connection was lost.
   */
  readonly by: CloseReason["by"];
  /** The exit code of its process or Worker, if there is one. */
  readonly exitCode?: number | undefined;
}

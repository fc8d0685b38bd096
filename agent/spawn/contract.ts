import type { CloseReason } from "../../channel/errors.ts";
import type { ContainerOptions } from "../container_options.ts";
import type { TlsOptions } from "../../transports/tls/options.ts";

/** A permission: everything, nothing, or the listed items. */
export type SpawnPermission = boolean | readonly (string | URL)[];

/**
 * The permissions of a spawned process beyond those that its container needs.
 * They are named like Deno's flags: `net: ["example.com:443"]` means
 * `--allow-net=example.com:443`, and `true` allows everything. Omitted
 * permissions are denied.
 */
export interface SpawnPermissions {
  /**
   * Environment variables. The listed variables are also passed on to the
   * process. With `true`, the process may read all variables that it has; see
   * the option `env`.
   */
  readonly env?: SpawnPermission | undefined;
  /** Native libraries. */
  readonly ffi?: SpawnPermission | undefined;
  /** Hosts from which remote modules may be imported. */
  readonly import?: SpawnPermission | undefined;
  /** Hosts, as `"host:port"`, and sockets, as `"unix:/path"`. */
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

/** The start of a spawned container's clock. */
export interface SpawnClockOptions {
  /** The date of time 0, as for an `ExternalClock`. */
  readonly utcStart: Date | string;
  /**
   * The time at the start, in seconds.
   *
   * @default {0}
   */
  readonly initTime?: number | undefined;
}

/**
 * The container options that are plain data, and so can be sent to another
 * process. A spawned container inherits them from its parent, unless they are
 * set.
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
 * The container options that are code. For a spawned container, each is given
 * as the name of an export of its modules.
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

/** The plain-data options of a container. */
export type PlainOptions = Pick<
  ContainerOptions,
  (typeof PLAIN_OPTIONS)[number]
>;

/** The names of exports for the container options that are code. */
export type NamedOptions = {
  readonly [K in (typeof NAMED_OPTIONS)[number]]?: string | undefined;
};

/**
 * Options for `spawnContainer`. Plain-data options that are not described here,
 * such as `limits`, `timeoutMs` and `heartbeatMs`, have the same meaning as for
 * a container, and default to the parent's values.
 */
export interface SpawnOptions extends PlainOptions, NamedOptions {
  /**
   * `"process"`: a separate process, limited to its permissions. `"worker"`: a
   * thread of this process, which starts faster and has all permissions of this
   * process.
   */
  readonly kind: "process" | "worker";
  /**
   * The only modules whose classes can be spawned: URLs or absolute paths,
   * under names of your choice.
   */
  readonly modules: Readonly<Record<string, string | URL>>;
  /**
   * The address at which the new container listens: `tcp://host:port` or
   * `ipc://[/path/to/socket]`. It cannot be in memory, which is not shared with
   * this process.
   *
   * @default {"tcp://127.0.0.1:0"}
   */
  readonly address?: string | undefined;
  /**
   * The host in the new container's address, as for a container.
   *
   * @default {the host of `address`; for a wildcard, the machine's name}
   */
  readonly publicHost?: string | undefined;
  /**
   * The permissions of a process, beyond listening at its address, calling its
   * parent and loading its modules. A Worker has the permissions of this
   * process.
   *
   * @default {none}
   */
  readonly permissions?: SpawnPermissions | undefined;
  /**
   * Environment variables of a process, in addition to those that Deno needs
   * (such as `PATH`, `HOME` and `DENO_DIR`) and those that `permissions.env`
   * lists. Other variables of this process are not passed on. A Worker has the
   * environment of this process.
   *
   * @default {none}
   */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /**
   * The clock of the new container: the system's clock, or an external clock
   * that stands still until `setTime` sets it.
   *
   * @default {"system"}
   */
  readonly clock?: "system" | SpawnClockOptions | undefined;
  /**
   * The seed of the new container's `random`, as for a container.
   *
   * @default {made from the seed of its parent, in the order of creation; random
   * if its parent has none and its clock is the system's}
   */
  readonly seed?: number | undefined;
  /**
   * The exports that are the serializers of the parent, in the same order, such
   * as `"shapes:pointSerializer"`.
   *
   * @default {[]}
   */
  readonly serializers?: readonly string[] | undefined;
  /**
   * The TLS options for `tcp://` addresses, as for a container; `null` for
   * none. If the parent uses TLS, `null` requires an address other than
   * `tcp://`. Files are read once, by this process, and their text is passed
   * on. All code in the new container can read its key.
   *
   * @default {those of the parent, key included; with `credentials: null` none}
   */
  readonly tls?: TlsOptions | null | undefined;
  /**
   * The credentials that the new container shows to `authenticate` of others;
   * `null` for none, which makes it a sandbox that gets no secrets of its
   * parent. A function is called once, by this process, with the address. The
   * parent's `authenticate` receives these credentials for calls of the child,
   * and the parent shows only these credentials to the child.
   *
   * @default {those of the parent}
   */
  readonly credentials?: unknown;
  /**
   * The export that authenticates the new container's peers, such as
   * `"club:authenticate"`. The parent shows it the child's `credentials`.
   *
   * @default {everybody may call, even if the parent authenticates}
   */
  readonly authenticate?: string | undefined;
  /**
   * The export that decides which agents passed by peers may be called, like
   * `allowConnect` of a container.
   *
   * @default {those of its parent, and of containers that it has connected to}
   */
  readonly allowConnect?: string | undefined;
  /**
   * The export that decides who else is shown the new container's credentials,
   * like `credentialsFor` of a container.
   *
   * @default {nobody else}
   */
  readonly credentialsFor?: string | undefined;
  /**
   * The export that is the new container's codec, such as `"codecs:packed"`. It
   * must have the same name as the parent's codec.
   *
   * @default {`json()` or `msgpack()`, as the parent's}
   */
  readonly codec?: string | undefined;
  /**
   * The export that is the new container's middleware, such as
   * `"watch:middleware"`, which may contain `openTelemetry()`.
   *
   * @default {none}
   */
  readonly middleware?: string | undefined;
  /**
   * The export that receives errors that no caller awaits, like `onError` of a
   * container.
   *
   * @default {one line on its stderr}
   */
  readonly onError?: string | undefined;
  /**
   * The export that receives the errors of methods, like `onMethodError` of a
   * container.
   *
   * @default {one line on its stderr}
   */
  readonly onMethodError?: string | undefined;
  /**
   * The export that stores the states of the new container's agents.
   *
   * @default {`memoryStore()`, for as long as it is open}
   */
  readonly store?: string | undefined;
  /**
   * The export that is the list of the new container's transports. It cannot be
   * combined with TLS, whose key cannot be passed on to these transports.
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
   * Called with each line that the child prints, without its line break. Errors
   * that it throws are reported.
   *
   * @default {prints the line, after the container's address}
   */
  readonly onLog?: OnLog | undefined;
  /**
   * The time limit for the start, in milliseconds. For a Worker, the time
   * starts when the files of this package run in it, since Deno may first check
   * their types.
   *
   * @default {10_000}
   */
  readonly startTimeoutMs?: number | undefined;
  /** Aborts the start; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Receives a line that a spawned container prints, without its line break. */
export type OnLog = (line: string, from: "stdout" | "stderr") => void;

/** The reason why a spawned container is gone. */
export interface SpawnedCloseReason extends CloseReason {
  /**
   * `"local"`: this side closed it. `"peer"`: it closed itself. `"error"`: it
   * ended in another way, or its connection was lost.
   */
  readonly by: CloseReason["by"];
  /** The exit code of the process or Worker, if there is one. */
  readonly exitCode?: number | undefined;
}

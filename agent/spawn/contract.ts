import type { CloseOptions } from "../../channel/channel.ts";
import type { CloseReason } from "../../channel/errors.ts";
import type { Remote } from "../../rpc/remote.ts";
import type { TlsOptions } from "../../transports/tls/options.ts";
import type { Manager } from "./manager.ts";
import type { ModuleList } from "./module_list.ts";
import type { SpawnPermissions } from "./permissions.ts";

/** Hears a line that a spawned container prints, without its end. */
export type OnLog = (line: string, from: "stdout" | "stderr") => void;

/** The date and time at which the clock of a spawned container begins. */
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

/** Options for `spawnContainer`. */
export interface SpawnOptions {
  /**
   * `"process"`: a process of its own, which can do no more than it is allowed.
   * `"worker"`: a thread of this process, which starts faster and can do all
   * that this process can.
   */
  readonly kind: "process" | "worker";
  /** All that may be loaded: nobody can spawn a class of another module. */
  readonly modules: ModuleList;
  /**
   * Where the new container listens: `tcp://host:port` or
   * `ipc://[/path/to/socket]`. Memory is not shared.
   *
   * @default {"tcp://127.0.0.1:0"}
   */
  readonly address?: string | undefined;
  /**
   * What a process may do, beyond listening at its address, calling its parent
   * and loading its modules. A Worker can do all that this process can.
   *
   * @default {nothing}
   */
  readonly permissions?: SpawnPermissions | undefined;
  /**
   * Environment variables of a process, in addition to what Deno needs
   * (`PATH`, `HOME` and `DENO_DIR` among them) and to those that
   * `permissions.env` lists. Nothing else of this process's environment is
   * passed on. A Worker has that of this process.
   *
   * @default {none}
   */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /**
   * The computer's clock, or one that stands still until it is set by
   * `setTime`.
   *
   * @default {"system"}
   */
  readonly clock?: "system" | SpawnClockOptions | undefined;
  /**
   * The name of the codec, which must be that of the parent.
   *
   * @default {that of the parent}
   */
  readonly codec?: "json" | "msgpack" | undefined;
  /**
   * Where the new container finds the serializers that the parent has, in the
   * same order: exports of its modules, as `"shapes:pointSerializer"`.
   *
   * @default {[]}
   */
  readonly serializers?: readonly string[] | undefined;
  /**
   * What it speaks TLS with at `tcp://` addresses, as a container does; `null`
   * for none, which takes an address that is not `tcp://` if the parent speaks
   * it. Files are read here, once, and their text is handed on: over standard
   * input, or to the Worker. All code in the new container can get at its key.
   *
   * @default {that of the parent, key included; with `credentials: null` none}
   */
  readonly tls?: TlsOptions | null | undefined;
  /**
   * What it shows to `authenticate` of others; `null` for nothing, which makes
   * it a sandbox that gets nothing of its parent. A function is called here,
   * once, with the address. They are handed on as the key of `tls` is, and
   * `authenticate` of the parent is given them for its calls. They are also all
   * that the parent shows to it: its own ones are for others.
   *
   * @default {those of the parent}
   */
  readonly credentials?: unknown;
  /**
   * Where it finds the function that tells who its peers are: an export of its
   * modules, as `"club:authenticate"`. Its parent shows what it was given as
   * `credentials`.
   *
   * @default {everybody may call, also where the parent asks}
   */
  readonly authenticate?: string | undefined;
  /**
   * Where it finds the function that tells whose agents it may call that others
   * have passed to it, as `allowConnect` of a container: an export of its
   * modules, as `"club:allowConnect"`.
   *
   * @default {those of its parent, and of containers that it has connected to}
   */
  readonly allowConnect?: string | undefined;
  /**
   * Where it finds the function that tells to whom else it shows its
   * credentials, as `credentialsFor` of a container.
   *
   * @default {to nobody else}
   */
  readonly credentialsFor?: string | undefined;
  /**
   * Further flags for `deno run`, such as `--import-map=…`.
   *
   * @default {`--config=…`, with the `deno.json` in the folder of the first
   * module that is a file, or above it; if this process may look there}
   */
  readonly flags?: readonly string[] | undefined;
  /**
   * Hears each line that is printed there. If it throws, that is reported.
   *
   * @default {prints it here, after the container's address}
   */
  readonly onLog?: OnLog | undefined;
  /**
   * How long the start may take, in milliseconds; `Infinity` for ever.
   *
   * @default {10_000}
   */
  readonly startTimeoutMs?: number | undefined;
  /** Gives the start up; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Why a spawned container is gone. */
export interface SpawnedCloseReason extends CloseReason {
  /**
   * `"local"`: this side closed it. `"peer"`: it was stopped, or has closed
   * itself. `"error"`: it ended otherwise, or its connection was lost.
   */
  readonly by: CloseReason["by"];
  /** The exit code of its process or Worker, where it has one. */
  readonly exitCode?: number | undefined;
}

/**
 * A container in a process or Worker of its own, which ends with it. Its parent
 * owns it, and this process stays alive until it is closed. Made by
 * `spawnContainer`.
 */
export interface SpawnedContainer extends AsyncDisposable {
  /** The address of the container. */
  readonly address: string;
  /** Its manager. Only the connection of the parent may use it. */
  readonly manager: Remote<Manager>;
  /** The id of its process; a Worker has none. */
  readonly pid: number | undefined;
  /**
   * Resolves when it is gone, to the reason: its process or Worker has ended,
   * its last line was handed on, its socket's file is removed. Never rejects.
   */
  readonly closed: Promise<SpawnedCloseReason>;
  /**
   * Makes an agent there, and resolves to its proxy when its `onStart` has run.
   *
   * @typeParam T The class of the agent. Nothing checks that it is.
   * @param name The class, as `module:Class`.
   * @param args What follows the container in the constructor.
   * @throws {SpawnError} If the name leads to no class of agents.
   * @throws {RemoteError} If the constructor or `onStart` throws.
   * @throws {ConnectionClosedError} If it is gone, or ends before the answer.
   */
  spawn<T>(name: string, ...args: unknown[]): Promise<Remote<T>>;
  /**
   * Sets its clock, in seconds, and resolves when that is done.
   *
   * @throws {RemoteError} If the time is not later than the present one, or
   * its clock is the computer's.
   * @throws {ConnectionClosedError} If it is gone, or ends before the answer.
   */
  setTime(time: number): Promise<void>;
  /**
   * Closes the container with `graceMs`, 1,000 by default, and ends its process
   * or Worker, which is killed if it has not ended another second later; 0
   * kills it at once. Repeatable; joins a close in progress, which a shorter
   * time shortens; never rejects.
   */
  close(options?: CloseOptions): Promise<void>;
}

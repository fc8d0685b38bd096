import nodeTimers from "node:timers";
import nodeTimersPromises from "node:timers/promises";
import { SimulationEscapeError } from "./errors.ts";
import { currentProcess, isOutside } from "./_process.ts";
import type { Scheduler } from "./_scheduler.ts";
import { randomUuid, virtualWallTime } from "./_virtual_world.ts";

/** Functions of `Deno` for files; most have a synchronous form, too. */
const FILE_FUNCTIONS = [
  ...["open", "create", "readFile", "readTextFile", "writeFile"],
  ...["writeTextFile", "readDir", "mkdir", "remove", "rename", "copyFile"],
  ...["stat", "lstat", "link", "symlink", "readLink", "realPath", "truncate"],
  ...["chmod", "chown", "utime", "makeTempDir", "makeTempFile"],
];

/** Functions of `Deno` that would leave the simulated network. */
const NETWORK_FUNCTIONS = [
  ...["connect", "connectTls", "listen", "listenTls", "listenDatagram"],
  ...["serve", "startTls", "connectQuic", "resolveDns", "upgradeWebSocket"],
];

/** Functions of `Deno` that would leave virtual time. */
const GUARDED_OF_DENO = [
  ...["watchFs", "openKv", "Command", "spawn", "spawnAndWait"],
  "spawnAndWaitSync",
  ...FILE_FUNCTIONS,
  ...FILE_FUNCTIONS.map((name) => `${name}Sync`),
];

const GUARDED_GLOBALS = [
  ...["fetch", "Worker", "WebSocket", "WebSocketStream", "EventSource"],
  "BroadcastChannel",
];

/** What to do instead. */
const REPLACE = "give the node a replacement or use 'withCtx'";
const USE_LOCAL =
  "use an address such as 'local://name' or the option 'sockets: true'";

/** A running timer of user code. */
class VirtualTimeout {
  readonly #id: number;
  /** Stops it. */
  readonly stop: () => void;

  constructor(id: number, stop: () => void) {
    this.#id = id;
    this.stop = stop;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  [Symbol.toPrimitive](): number {
    return this.#id;
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}

// deno-lint-ignore ban-types -- of any shape, as the functions of a platform are
type Callable = Function;

type Action = (...args: readonly unknown[]) => void;

/**
 * Replaces the sources of time and randomness that user code uses. Also guards
 * APIs that cannot be simulated, unless `onEscape` is `null`. Code outside of
 * the run, such as a loop that an earlier test has left behind, gets the
 * originals.
 *
 * @returns A function that restores the originals.
 */
export function patchGlobals(
  scheduler: Scheduler,
  onEscape: ((error: SimulationEscapeError) => void) | null,
): () => void {
  const patches = new Patches();
  patchTimers(patches, scheduler);
  patchDate(patches, () => virtualWallTime(scheduler));
  patches.replace(performance, "now", () => scheduler.now);
  patchChance(patches);
  patchCollection(patches);
  if (onEscape !== null) guardEscapes(patches, onEscape);
  return () => patches.undo();
}

function guardEscapes(
  patches: Patches,
  onEscape: (error: SimulationEscapeError) => void,
): void {
  const guard = (owner: object, path: string, name: string, remedy: string) =>
    patches.replace(owner, name, function guarded() {
      const error = new SimulationEscapeError(
        `Cannot use '${path}' in a simulation: it would leave virtual time, ${remedy}`,
      );
      onEscape(error);
      throw error;
    });
  for (const name of GUARDED_GLOBALS) guard(globalThis, name, name, REPLACE);
  for (const name of GUARDED_OF_DENO) {
    guard(Deno, `Deno.${name}`, name, REPLACE);
  }
  for (const name of NETWORK_FUNCTIONS) {
    guard(Deno, `Deno.${name}`, name, USE_LOCAL);
  }
  for (const name of ["setTimeout", "setInterval", "setImmediate"]) {
    guard(nodeTimers, `node:timers ${name}`, name, REPLACE);
    guard(nodeTimersPromises, `node:timers/promises ${name}`, name, REPLACE);
  }
}

function patchTimers(patches: Patches, scheduler: Scheduler): void {
  let ids = 0;
  const running = new Map<number, VirtualTimeout>();
  const start = (begin: (end: () => void) => () => void) => {
    const id = ++ids;
    const end = () => void running.delete(id);
    const stop = begin(end);
    const timeout = new VirtualTimeout(id, () => {
      stop();
      end();
    });
    running.set(id, timeout);
    return timeout;
  };
  // As in Deno, a delay is a whole number of milliseconds, at least one.
  const whole = (ms: unknown) => Math.max(1, Math.floor(Number(ms) || 0));
  const setTimeout = (action: Action, ms?: number, ...args: unknown[]) =>
    start((end) => {
      const timer = scheduler.setTimer(whole(ms), () => {
        end();
        action(...args);
      });
      return () => timer.stop();
    });
  const setInterval = (action: Action, ms?: number, ...args: unknown[]) =>
    start(() => {
      const again = () => {
        timer = scheduler.setTimer(whole(ms), again);
        action(...args);
      };
      let timer = scheduler.setTimer(whole(ms), again);
      return () => timer.stop();
    });
  const setImmediate = (action: Action, ...args: unknown[]) =>
    start((end) => {
      const turn = scheduler.defer(() => {
        end();
        action(...args);
      });
      return () => turn.stop();
    });
  const clear = (timeout: unknown) => {
    if (timeout === undefined || timeout === null) return;
    running.get(Number(timeout))?.stop();
  };
  patches.replace(globalThis, "setTimeout", setTimeout);
  patches.replace(globalThis, "setInterval", setInterval);
  patches.replace(globalThis, "setImmediate", setImmediate);
  for (const name of ["clearTimeout", "clearInterval", "clearImmediate"]) {
    patches.replace(globalThis, name, clear);
  }
  patches.replace(Deno, "refTimer", () => {});
  patches.replace(Deno, "unrefTimer", () => {});
  patches.replace(AbortSignal, "timeout", (ms: number) => {
    const controller = new AbortController();
    scheduler.setTimer(ms, () =>
      controller.abort(
        new DOMException("Signal timed out.", "TimeoutError"),
      ));
    return controller.signal;
  });
}

function patchDate(patches: Patches, now: () => number): void {
  const { Date: RealDate } = globalThis;
  const nowHere = () => isOutside() ? RealDate.now() : now();
  const virtual = new Proxy(RealDate, {
    apply: () => new RealDate(nowHere()).toString(),
    construct: (target, args, newTarget) =>
      Reflect.construct(
        target,
        args.length > 0 ? args : [nowHere()],
        newTarget,
      ),
    get: (target, name) => name === "now" ? nowHere : Reflect.get(target, name),
  });
  patches.set(globalThis, "Date", virtual);
}

function patchChance(patches: Patches): void {
  const random = () => currentProcess()!.userRandom();
  patches.replace(Math, "random", random);
  patches.replace(crypto, "randomUUID", () => randomUuid(random));
  patches.replace(
    crypto,
    "getRandomValues",
    <T extends ArrayBufferView>(into: T) => {
      const bytes = new Uint8Array(
        into.buffer,
        into.byteOffset,
        into.byteLength,
      );
      for (let at = 0; at < bytes.length; at++) {
        bytes[at] = Math.floor(random() * 256);
      }
      return into;
    },
  );
}

/**
 * A reference that always keeps its target, regardless of garbage collection.
 */
class StrongRef {
  readonly #target: WeakKey;

  constructor(target: WeakKey) {
    this.#target = target;
  }

  deref(): WeakKey {
    return this.#target;
  }
}

/**
 * Disables garbage collection effects during a run, since the seed cannot
 * control when they happen.
 */
function patchCollection(patches: Patches): void {
  patches.replace(globalThis, "WeakRef", StrongRef);
  for (const name of ["register", "unregister"]) {
    patches.replace(FinalizationRegistry.prototype, name, () => {});
  }
}

/** Replaced properties, with their originals. */
class Patches {
  readonly #undos: (() => void)[] = [];

  /** Replaces a function or a class, for code of the run only. */
  replace(owner: object, name: string, value: Callable): void {
    const original = Reflect.get(owner, name) as Callable | undefined;
    if (original === undefined) return;
    const chosen = () => isOutside() ? original : value;
    const replacement: Callable = new Proxy(value, {
      apply: (_value, self, args) => Reflect.apply(chosen(), self, args),
      construct: (_value, args, target) =>
        target === replacement
          ? Reflect.construct(chosen(), args)
          : Reflect.construct(chosen(), args, target),
    });
    this.set(owner, name, replacement);
  }

  set(owner: object, name: string, value: unknown): void {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    Object.defineProperty(owner, name, {
      value,
      configurable: true,
      enumerable: before?.enumerable ?? true,
      writable: true,
    });
    this.#undos.push(() => {
      if (before === undefined) Reflect.deleteProperty(owner, name);
      else Object.defineProperty(owner, name, before);
    });
  }

  undo(): void {
    for (const undo of this.#undos.splice(0).reverse()) undo();
  }
}

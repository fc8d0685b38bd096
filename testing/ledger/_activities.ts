import type { Begun, CallStarted } from "../../channel/internal.ts";
import type { Channel } from "../../channel/channel.ts";
import {
  isInstance,
  REFERENCE_PREFIX,
  type RpcEvent,
} from "../../rpc/internal.ts";
import { DenomasError } from "../../transports/errors.ts";
import { printable } from "../../transports/printable.ts";
import type { Entries, Entry } from "./_entries.ts";
import { shorten } from "./_message_log.ts";
import { Stack } from "./_stack.ts";

type StreamOpened = Extract<RpcEvent, { type: "stream-opened" }>;
type ReferenceKept = Extract<RpcEvent, { type: "reference-kept" }>;

/** What to do about a method or a producer that goes on after its call. */
const HOW_TO_END = "(let it end when 'call().signal' aborts)";

/** The parts of an entry that depend on the kind of activity. */
type Traits = Omit<Entry, "resource" | "kind">;

/**
 * Tracks the calls, streams and references of channels in a table of entries.
 */
export class Activities {
  readonly #entries: Entries;
  /** The step's unanswered calls, by the number of their request. */
  readonly #made = new Map<number, Set<CallStarted>>();
  readonly #calls = new WeakMap<object, CallStarted>();
  /** References that were garbage-collected without being disposed of. */
  readonly #forgotten = new WeakSet<object>();

  /** Adds beginning activities to `entries`, and removes ended ones. */
  constructor(entries: Entries) {
    this.#entries = entries;
  }

  add(it: RpcEvent): void {
    switch (it.type) {
      case "call-started":
        return this.#begin(it, () => this.#traitsOfCall(it));
      case "stream-opened":
        return this.#begin(it, () => this.#traitsOfStream(it));
      case "reference-kept":
        return this.#begin(it, () => this.#traitsOfReference(it));
      case "work-left":
        return this.#goOn(it.subject);
      case "reference-forgotten":
        return void this.#forgotten.add(it.subject);
      case "ended":
        this.#addCaller(it.subject, it.error);
        // The peer may still begin to serve a call that the caller gave up.
        if (it.outcome === "result" || it.outcome === "failure") {
          this.#forgetMade(it.subject);
        }
        // A test's result must not depend on when garbage is collected.
        if (!this.#forgotten.has(it.subject)) this.#entries.remove(it.subject);
        return;
      case "work-done":
        this.#entries.remove(it.subject);
    }
  }

  /**
   * The current activities of each channel, begun by this side or the other.
   */
  byChannel(isOwn: boolean): Map<object, Entry[]> {
    const entries = this.#entries.values()
      .filter((it) => it.kind === null && it.isOwn === isOwn);
    return Map.groupBy(entries, (it) => this.#entries.ownerOf(it.resource)!);
  }

  /**
   * Adds the line of the test that made a call to the stack of its error, which
   * has only lines of the package.
   */
  #addCaller(subject: object, error: unknown): void {
    // The error of a served call may be any value, with traps that throw.
    if (!this.#calls.has(subject) || !isInstance(error, DenomasError)) return;
    const line = this.#entries.find(subject)?.stack?.userFrame();
    if (line && !error.stack?.includes(line)) error.stack += `\n${line}`;
  }

  /** Adds an activity, unless its channel belongs to code outside the step. */
  #begin({ channel, subject }: Begun, traits: () => Traits): void {
    if (this.#entries.find(channel) === undefined) return;
    this.#entries.setOwner(subject, channel);
    this.#entries.add({ resource: subject, kind: null, ...traits() });
  }

  /** Marks user code as still running, although its connection may be gone. */
  #goOn(subject: object): void {
    const entry = this.#entries.find(subject);
    if (entry !== undefined) this.#entries.add(entry);
  }

  #traitsOfCall(it: CallStarted): Traits {
    const { path, side, id } = it;
    if (side === "served") {
      const what = () => `running method ${methodName(path)} ${HOW_TO_END}`;
      const stack = this.#callerOf(it);
      return { what, isOwn: false, isNamed: true, path, stack };
    }
    this.#made.set(id, (this.#made.get(id) ?? new Set()).add(it));
    this.#calls.set(it.subject, it);
    const what = () => describeCall(it);
    return { what, isOwn: true, isNamed: true, path, stack: new Stack() };
  }

  #traitsOfStream({ side, call }: StreamOpened): Traits {
    const of = this.#entries.find(call);
    // The stream opens in the turn in which the result arrives, so its own
    // stack is useless: use that of the call.
    const stack = of?.stack ?? null;
    if (side === "consumed") {
      const what = () =>
        `open stream from ${
          methodName(of?.path)
        } (read it to its end, leave its loop or declare it with 'await using')`;
      return { what, isOwn: true, isNamed: true, stack: stack ?? new Stack() };
    }
    const what = () =>
      `running producer of ${methodName(of?.path)} ${HOW_TO_END}`;
    return { what, isOwn: false, isNamed: true, stack };
  }

  #traitsOfReference({ holder, isReturned, call }: ReferenceKept): Traits {
    if (holder === "peer") {
      const what = () => "references given to the other side";
      return { what, isOwn: false, isNamed: false, stack: null };
    }
    const of = this.#entries.find(call);
    if (isReturned) {
      const what = () =>
        `reference returned by ${
          methodName(of?.path)
        } (declare it with 'using', or dispose of it)`;
      const stack = of?.stack ?? null;
      return { what, isOwn: true, isNamed: true, stack };
    }
    const origin = of === undefined ? "from" : "passed to";
    const what = () =>
      `kept reference ${origin} ${
        methodName(of?.path)
      } (declare what 'keep' returns with 'using', or dispose of it)`;
    return {
      what,
      isOwn: true,
      isNamed: true,
      isKept: true,
      stack: new Stack(),
    };
  }

  #forgetMade(subject: object): void {
    const call = this.#calls.get(subject);
    if (call === undefined) return;
    const made = this.#made.get(call.id);
    made?.delete(call);
    if (made?.size === 0) this.#made.delete(call.id);
  }

  /** Returns where the step made the call that it now serves, if it did. */
  #callerOf({ id, path, channel }: CallStarted): Stack | null {
    const { localAddress, remoteAddress } = channel as Channel;
    const callers = [...this.#made.get(id) ?? []].filter((made) => {
      const peer = made.channel as Channel;
      return made.path === path && peer.localAddress === remoteAddress &&
        peer.remoteAddress === localAddress;
    });
    // All clients of a Unix socket share one address.
    if (callers.length !== 1) return null;
    return this.#entries.find(callers[0]!.subject)?.stack ?? null;
  }
}

function describeCall({ id, path, args }: CallStarted): string {
  return path === null
    ? `pending call ${id} ${shorten(args[0])}`
    : `pending call ${id} of ${methodName(path)} ${shorten(args)}`;
}

/**
 * Names a method in a report, without the number of a reference. The peer may
 * have chosen the path.
 */
function methodName(path: string | null | undefined): string {
  if (path === undefined || path === null) return "the other side";
  if (!path.startsWith(REFERENCE_PREFIX)) return `'${printable(path)}'`;
  const slash = path.indexOf("/", REFERENCE_PREFIX.length);
  return slash === -1 ? "a function" : `'${printable(path.slice(slash + 1))}'`;
}

import type { Begun, CallStarted } from "../../channel/internal.ts";
import type { Channel } from "../../channel/channel.ts";
import { REFERENCE_PREFIX, type RpcEvent } from "../../rpc/internal.ts";
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

/** The calls, streams and references of channels, as entries of a table. */
export class Activities {
  readonly #entries: Entries;
  /** The calls of the step that are not answered, by their request's number. */
  readonly #made = new Map<number, Set<CallStarted>>();
  readonly #calls = new WeakMap<object, CallStarted>();
  /** References that nobody has disposed of. */
  readonly #forgotten = new WeakSet<object>();

  /** Adds what begins to `entries`, and removes from them what ends. */
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
        // The other side may still begin to serve a call that was given up.
        if (it.outcome === "result" || it.outcome === "failure") {
          this.#forgetMade(it.subject);
        }
        // When garbage is collected must not decide whether a test fails.
        if (!this.#forgotten.has(it.subject)) this.#entries.remove(it.subject);
        return;
      case "work-done":
        this.#entries.remove(it.subject);
    }
  }

  /** What is under way on each channel, begun by this side or by the other. */
  byChannel(isOwn: boolean): Map<object, Entry[]> {
    const entries = this.#entries.values()
      .filter((it) => it.kind === null && it.isOwn === isOwn);
    return Map.groupBy(entries, (it) => this.#entries.ownerOf(it.resource)!);
  }

  /** Adds something under way on a channel, unless that is of other code. */
  #begin({ channel, subject }: Begun, traits: () => Traits): void {
    if (this.#entries.find(channel) === undefined) return;
    this.#entries.setOwner(subject, channel);
    this.#entries.add({ resource: subject, kind: null, ...traits() });
  }

  /** The work of the user goes on, though its connection may be gone. */
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
    // The stream itself opens in the turn in which the result arrives.
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

  /** Returns where the step has made the call that it serves, if it has. */
  #callerOf({ id, path, channel }: CallStarted): Stack | null {
    const { localAddress, remoteAddress } = channel as Channel;
    const callers = [...this.#made.get(id) ?? []].filter((made) => {
      const peer = made.channel as Channel;
      return made.path === path && peer.localAddress === remoteAddress &&
        peer.remoteAddress === localAddress;
    });
    // All clients of a Unix socket have one address.
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
 * Names a method; one of a reference without the reference's number. The path
 * may be the other side's choice.
 */
function methodName(path: string | null | undefined): string {
  if (path === undefined || path === null) return "the other side";
  if (!path.startsWith(REFERENCE_PREFIX)) return `'${printable(path)}'`;
  const slash = path.indexOf("/", REFERENCE_PREFIX.length);
  return slash === -1 ? "a function" : `'${printable(path.slice(slash + 1))}'`;
}

import type { Channel } from "../channel/channel.ts";
import type {
  LifetimeObserver,
  MessageDirection,
  ResourceKind,
} from "../transports/lifetime.ts";
import { MessageLog } from "./_message_log.ts";
import { shorten } from "./_sequence_chart.ts";

/** Something that a step left behind. */
export interface Leak {
  /** What it is, in a few words. */
  readonly what: string;
  /** Who owns it, the nearest first. */
  readonly owners: readonly string[];
  /** How much it owns, which would end with it: the kinds and their numbers. */
  readonly owned: ReadonlyMap<ResourceKind, number>;
  /** Where it was made, if that was traced. */
  readonly stack: string | null;
  /** The thing itself; a call has none. */
  readonly resource: object | null;
}

interface Entry {
  readonly resource: object;
  readonly kind: ResourceKind;
  readonly describe: () => string;
  readonly stack: string | null;
}

interface Call {
  readonly content: unknown;
  readonly stack: string | null;
}

/** What tells frames of Deno and of this helper from those of the test. */
const MACHINERY = [
  "(ext:",
  "(<anonymous>)",
  import.meta.resolve("./_"),
  import.meta.resolve("./ctx.ts"),
];

/** What a {@linkcode Ledger} is made with. */
export interface LedgerOptions {
  /** Whether to keep the stack of everything that is opened, and each call. */
  readonly trace: boolean;
  /** Whether the running code belongs to the ledger's step. */
  readonly isCurrent: () => boolean;
}

/**
 * Counts what the package opens and closes on behalf of one step. It is read
 * when the body has ended, before any clean-up, since clean-up would end much
 * of what leaked, and again when all should be gone.
 */
export class Ledger implements LifetimeObserver {
  /** The messages of the step. */
  readonly log: MessageLog = new MessageLog();
  readonly #options: LedgerOptions;
  readonly #open = new Map<object, Entry>();
  /** All that were ever open, so that owners can be named after their end. */
  readonly #known = new WeakMap<object, Entry>();
  readonly #owners = new WeakMap<object, object>();
  /** What the step's clean-up will end. */
  readonly #kept = new WeakSet<object>();
  readonly #calls = new WeakMap<object, Map<number, Call>>();

  /** Makes an empty ledger. */
  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  opened(resource: object, kind: ResourceKind, describe: () => string): void {
    if (!this.#options.isCurrent()) return;
    const entry = { resource, kind, describe, stack: this.#stack() };
    this.#open.set(resource, entry);
    this.#known.set(resource, entry);
  }

  owned(resource: object, owner: object): void {
    this.#owners.set(resource, owner);
  }

  closed(resource: object): void {
    this.#open.delete(resource);
  }

  message(
    channel: object,
    direction: MessageDirection,
    type: number,
    id: number,
    content: unknown,
  ): void {
    if (!this.#known.has(channel)) return;
    const isServer = this.#isServerSide(channel);
    this.log.add(channel as Channel, isServer, direction, type, id, content);
    let calls = this.#calls.get(channel);
    if (calls === undefined) this.#calls.set(channel, calls = new Map());
    if (type === 0 && direction === "out") {
      calls.set(id, { content, stack: this.#stack() });
    } else if (type !== 0 && direction === "in") {
      calls.delete(id);
    }
  }

  /** The step will end `resource` itself, and with it all that it owns. */
  keep(resource: object): void {
    this.#kept.add(resource);
  }

  /**
   * What is open though the step is not going to end it, and the calls of
   * clients that are pending.
   */
  readBeforeCleanUp(): Leak[] {
    const leaked = [...this.#open.values()].filter(({ resource, kind }) => {
      if (this.#lineage(resource).some((it) => this.#kept.has(it))) {
        return false;
      }
      // A socket's file stands and falls with its listener, which is here too.
      return kind !== "file" || this.#owners.has(resource);
    });
    return [...this.#roots(leaked), ...this.#pendingCalls()];
  }

  /** All that is open. */
  readAll(): Leak[] {
    return this.#roots([...this.#open.values()]);
  }

  /** All that is open and all that is pending, a line each. */
  describe(): string[] {
    const requests = this.#channels().flatMap(({ resource }) => {
      const { unansweredRequests } = (resource as Channel).stats();
      return unansweredRequests === 0 ? [] : [
        `unanswered requests at ${this.#name(resource)}: ${unansweredRequests}`,
      ];
    });
    return [
      ...[...this.readAll(), ...this.#pendingCalls()].map(describeLeak),
      ...requests,
    ];
  }

  #channels(): Entry[] {
    return [...this.#open.values()].filter(({ kind }) => kind === "channel");
  }

  /** The calls of a server's channels are its handlers' business. */
  #pendingCalls(): Leak[] {
    return this.#channels().flatMap(({ resource }) => {
      const pending = (resource as Channel).stats().pendingCalls;
      if (pending === 0 || this.#isServerSide(resource)) return [];
      const calls = [...this.#calls.get(resource) ?? []];
      const owners = [resource, ...this.#ancestors(resource)].map((it) =>
        this.#name(it)
      );
      const leak = { owners, owned: new Map(), resource: null };
      // Calls that were given up, whose answers never came, are in the way.
      if (calls.length !== pending) {
        return [{ ...leak, what: `pending calls (${pending})`, stack: null }];
      }
      return calls.map(([id, { content, stack }]) => ({
        ...leak,
        what: `pending call ${id} ${shorten(content)}`,
        stack,
      }));
    });
  }

  /** Leaves out what would end with another that is listed. */
  #roots(entries: readonly Entry[]): Leak[] {
    const listed = new Set(entries.map(({ resource }) => resource));
    return entries.flatMap(({ resource, stack }) => {
      const ancestors = this.#ancestors(resource);
      if (ancestors.some((it) => listed.has(it))) return [];
      const owned = new Map<ResourceKind, number>();
      for (const it of entries) {
        if (!this.#ancestors(it.resource).includes(resource)) continue;
        owned.set(it.kind, (owned.get(it.kind) ?? 0) + 1);
      }
      return [{
        what: this.#name(resource),
        owners: ancestors.map((it) => this.#name(it)),
        owned,
        stack,
        resource,
      }];
    });
  }

  #isServerSide(channel: object): boolean {
    return this.#owners.has(channel);
  }

  #lineage(resource: object): object[] {
    return [resource, ...this.#ancestors(resource)];
  }

  #ancestors(resource: object): object[] {
    const ancestors: object[] = [];
    let owner = this.#owners.get(resource);
    while (owner !== undefined) {
      ancestors.push(owner);
      owner = this.#owners.get(owner);
    }
    return ancestors;
  }

  #name(resource: object): string {
    const entry = this.#known.get(resource);
    if (entry === undefined) return "something from outside the step";
    return `${entry.kind} (${entry.describe()})`;
  }

  #stack(): string | null {
    if (!this.#options.trace) return null;
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 50;
    const { stack = "" } = new Error();
    Error.stackTraceLimit = limit;
    return stack.split("\n").slice(3)
      .filter((line) => !MACHINERY.some((it) => line.includes(it)))
      .join("\n");
  }
}

/** A leak in one line, and the stack that made it in more. */
export function describeLeak(leak: Leak): string {
  const owners = leak.owners.map((owner) => ` of ${owner}`).join("");
  const owned = [...leak.owned].map(([kind, count]) => `${count} ${kind}`);
  const rest = owned.length > 0 ? `, with ${owned.join(", ")}` : "";
  const stack = leak.stack === null ? "" : `\n${leak.stack}`;
  return `${leak.what}${owners}${rest}${stack}`;
}

import type { Channel } from "../channel/channel.ts";
import type {
  LifetimeObserver,
  MessageDirection,
  ResourceKind,
} from "../transports/lifetime.ts";
import { CallLog } from "./_call_log.ts";
import { describeLeak, type Leak } from "./_leak.ts";
import { MessageLog } from "./_message_log.ts";
import { stackAbove } from "./_stack.ts";

interface Entry {
  readonly resource: object;
  readonly kind: ResourceKind;
  readonly describe: () => string;
  readonly stack: string | null;
}

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
  readonly #calls = new CallLog();
  readonly #unsettled: Leak[] = [];

  /** Makes an empty ledger. */
  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  opened(resource: object, kind: ResourceKind, describe: () => string): void {
    if (!this.#options.isCurrent()) return;
    const stack = this.#options.trace ? stackAbove(this.opened) : null;
    const entry = { resource, kind, describe, stack };
    this.#open.set(resource, entry);
    this.#known.set(resource, entry);
  }

  owned(resource: object, owner: object): void {
    this.#owners.set(resource, owner);
  }

  closed(resource: object): void {
    if (this.#open.get(resource)?.kind === "channel") {
      this.#checkTables(resource as Channel);
    }
    this.#open.delete(resource);
  }

  /** A channel that ends must settle all that waits on it. */
  #checkTables(channel: Channel): void {
    const { pendingCalls, unansweredRequests } = channel.stats();
    if (pendingCalls + unansweredRequests === 0) return;
    this.#unsettled.push({
      what:
        `pending calls (${pendingCalls}) and unanswered requests (${unansweredRequests}) at its end`,
      owners: this.#lineage(channel).map((it) => this.#name(it)),
      owned: new Map(),
      stack: null,
      resource: null,
    });
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
    if (type === 0 && direction === "out") {
      const stack = this.#options.trace ? stackAbove(this.message) : null;
      this.#calls.sent(channel, id, { content, stack });
    } else if (type !== 0 && direction === "in") {
      this.#calls.answered(channel, id);
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

  /** All that is open, and what channels did not settle at their end. */
  readAll(): Leak[] {
    return [...this.#roots([...this.#open.values()]), ...this.#unsettled];
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
      const owners = this.#lineage(resource).map((it) => this.#name(it));
      return this.#calls.describe(resource, pending).map((call) => ({
        ...call,
        owners,
        owned: new Map(),
        resource: null,
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
}

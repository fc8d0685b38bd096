import { assert, assertEquals } from "@std/assert";
import { within } from "../../channel/internal.ts";
import { world } from "../../transports/internal.ts";
import type { Engine, EntryChange } from "../../agent/cluster/engine.ts";

/** A cluster that belongs to one test. */
export interface EngineCluster {
  /** Opens another engine of the cluster. */
  readonly open: () => Promise<Engine>;
  /**
   * Cuts all engines off from their shared state, until the returned function
   * is called. The shared state must survive the cut. If `cut` is missing, the
   * obligations `cut` and `difference` must be skipped.
   */
  readonly cut?: () => Promise<() => PromiseLike<void>>;
  /** Releases the cluster, after all engines are disposed of. */
  readonly dispose?: () => void | PromiseLike<void>;
}

/** An obligation of an engine, and its test. */
export interface Obligation {
  /** The obligation in words, as the end of the test's name. */
  readonly title: string;
  /** The test. */
  run(stage: Stage): Promise<void>;
}

/** Obligations by name. */
export type Obligations = Readonly<Record<string, Obligation>>;

/** The time to wait for an expected notification on a busy machine. */
const PATIENCE_MS = 20_000;

/** Returns the bytes of a text. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Returns the text of bytes. */
export function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Notifications in the order they came; a test can wait for more. */
export class Told<T> {
  /** All notifications so far. */
  readonly all: T[] = [];
  readonly #patienceMs: number;
  #news = Promise.withResolvers<void>();

  /** Creates an empty list whose waits last at most `patienceMs`. */
  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  /** Adds an item. */
  readonly add = (item: T): void => {
    this.all.push(item);
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  };

  /** Waits until `isEnough` returns `true` for all notifications so far. */
  async until(isEnough: (all: readonly T[]) => boolean): Promise<void> {
    const until = world.now() + this.#patienceMs;
    while (!isEnough(this.all)) {
      const leftMs = until - world.now();
      assert(leftMs > 0, `Not told within ${this.#patienceMs} ms`);
      await within(leftMs, this.#news.promise);
    }
  }
}

/** The changes that a watch has reported. */
export class ToldChanges extends Told<EntryChange> {
  /** The current entries, by key. */
  get entries(): Map<string, string> {
    const entries = new Map<string, string>();
    for (const change of this.all) {
      if (change.kind === "removed") entries.delete(change.key);
      else entries.set(change.entry.key, text(change.entry.value));
    }
    return entries;
  }

  /** The changes in short form, such as `a=1` or `-a`. */
  get short(): string[] {
    return this.all.map((change) =>
      change.kind === "removed"
        ? `-${change.key}`
        : `${change.entry.key}=${text(change.entry.value)}`
    );
  }

  /** Waits until `key` has the value `wanted`; `null` means no entry. */
  async untilIs(key: string, wanted: string | null): Promise<void> {
    await this.until(() => (this.entries.get(key) ?? null) === wanted);
  }
}

/** One cluster, and everything that a test opens on it. */
export class Stage implements AsyncDisposable {
  /** The cluster under test. */
  readonly cluster: EngineCluster;
  readonly #patienceMs: number;
  readonly #opened: AsyncDisposable[] = [];

  /**
   * Creates a stage that owns `cluster`, and waits at most `patienceMs` for an
   * expected notification.
   */
  constructor(cluster: EngineCluster, patienceMs = PATIENCE_MS) {
    this.cluster = cluster;
    this.#patienceMs = patienceMs;
  }

  /** Opens `count` engines. */
  async engines(count: number): Promise<Engine[]> {
    const engines: Engine[] = [];
    for (let n = 0; n < count; n++) engines.push(await this.open());
    return engines;
  }

  /** Opens an engine. */
  async open(): Promise<Engine> {
    return this.use(await this.cluster.open());
  }

  /** Cuts all engines off, until the returned function is called. */
  async cut(): Promise<() => PromiseLike<void>> {
    const { cluster } = this;
    assert(cluster.cut, "There is no 'cut': add it, or skip with a reason");
    return await cluster.cut();
  }

  /** Registers `resource` for disposal at the end. */
  use<T extends AsyncDisposable>(resource: T): T {
    this.#opened.push(resource);
    return resource;
  }

  /** Resolves to the outcomes of `promises`. */
  async settled(
    promises: readonly Promise<unknown>[],
  ): Promise<PromiseSettledResult<unknown>[]> {
    let results: PromiseSettledResult<unknown>[] | null = null;
    const settling = Promise.allSettled(promises)
      .then((settled) => void (results = settled));
    await within(this.#patienceMs, settling);
    assert(results !== null, `Pending after ${this.#patienceMs} ms`);
    return results;
  }

  /** Watches entries, and returns the reported changes. */
  async watch(engine: Engine, prefix: string): Promise<ToldChanges> {
    const told = new ToldChanges(this.#patienceMs);
    this.use(await engine.watch(prefix, told.add));
    return told;
  }

  /** Subscribes to a topic, and returns the messages that arrive. */
  async subscribe(engine: Engine, topic: string): Promise<Told<string>> {
    const told = new Told<string>(this.#patienceMs);
    await this.hear(engine, topic, (message) => told.add(text(message)));
    return told;
  }

  /** Subscribes until the stage ends. */
  async hear(
    engine: Engine,
    topic: string,
    onMessage: (message: Uint8Array) => void,
  ): Promise<void> {
    this.use(await engine.subscribe(topic, onMessage));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const resource of this.#opened.reverse()) {
      await resource[Symbol.asyncDispose]();
    }
    await this.cluster.dispose?.();
  }
}

/** Asserts that bytes are equal, without printing their difference. */
export function assertSameBytes(actual: Uint8Array, wanted: Uint8Array): void {
  assertEquals(actual.length, wanted.length);
  assert(actual.every((byte, at) => byte === wanted[at]), "Other bytes");
}

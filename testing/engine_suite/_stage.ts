import { assert, assertEquals } from "@std/assert";
import { within } from "../../channel/internal.ts";
import { world } from "../../transports/internal.ts";
import type { Engine, EntryChange } from "../../agent/cluster/engine.ts";

/** A cluster that a test has for itself. */
export interface EngineCluster {
  /** Opens another engine of the cluster. */
  readonly open: () => Promise<Engine>;
  /**
   * Cuts all engines off from what they share, until the result is called. What
   * was shared is there again then. Without it, `cut` and `difference` must be
   * skipped.
   */
  readonly cut?: () => Promise<() => PromiseLike<void>>;
  /** Undoes what was made for it, when all engines are disposed of. */
  readonly dispose?: () => void | PromiseLike<void>;
}

/** An obligation of an engine, and its test. */
export interface Obligation {
  /** What the engine does, as the end of the test's name. */
  readonly title: string;
  /** The test. */
  run(stage: Stage): Promise<void>;
}

/** Obligations by name. */
export type Obligations = Readonly<Record<string, Obligation>>;

/** How long a busy machine may take to tell what is to come. */
const PATIENCE_MS = 20_000;

/** Returns the bytes of a text. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Returns the text of bytes. */
export function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** What was told, in its order; a test waits for more. */
export class Told<T> {
  /** All that was told. */
  readonly all: T[] = [];
  readonly #patienceMs: number;
  #news = Promise.withResolvers<void>();

  /** Waits for what is to come for `patienceMs` at most. */
  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  /** Adds an item. */
  readonly add = (item: T): void => {
    this.all.push(item);
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  };

  /** Waits until `isEnough`. */
  async until(isEnough: (all: readonly T[]) => boolean): Promise<void> {
    const until = world.now() + this.#patienceMs;
    while (!isEnough(this.all)) {
      const leftMs = until - world.now();
      assert(leftMs > 0, `Not told within ${this.#patienceMs} ms`);
      await within(leftMs, this.#news.promise);
    }
  }
}

/** The changes that a watch has told. */
export class ToldChanges extends Told<EntryChange> {
  /** What there is now, by key. */
  get entries(): Map<string, string> {
    const entries = new Map<string, string>();
    for (const change of this.all) {
      if (change.kind === "removed") entries.delete(change.key);
      else entries.set(change.entry.key, text(change.entry.value));
    }
    return entries;
  }

  /** The changes in short, as `a=1` or `-a`. */
  get short(): string[] {
    return this.all.map((change) =>
      change.kind === "removed"
        ? `-${change.key}`
        : `${change.entry.key}=${text(change.entry.value)}`
    );
  }

  /** Waits until `key` has the value `wanted`; `null` for none. */
  async untilIs(key: string, wanted: string | null): Promise<void> {
    await this.until(() => (this.entries.get(key) ?? null) === wanted);
  }
}

/** One cluster, and all that a test opens on it. */
export class Stage implements AsyncDisposable {
  /** The cluster under test. */
  readonly cluster: EngineCluster;
  readonly #patienceMs: number;
  readonly #opened: AsyncDisposable[] = [];

  /**
   * Creates a stage that owns `cluster`, and waits for what it is to tell for
   * `patienceMs` at most.
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

  /** Cuts all engines off, until the result is called. */
  async cut(): Promise<() => PromiseLike<void>> {
    const { cluster } = this;
    assert(cluster.cut, "There is no 'cut': add it, or skip with a reason");
    return await cluster.cut();
  }

  /** Disposes of `resource` at the end. */
  use<T extends AsyncDisposable>(resource: T): T {
    this.#opened.push(resource);
    return resource;
  }

  /** Resolves to how `promises` settle. */
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

  /** Watches, and returns what is told. */
  async watch(engine: Engine, prefix: string): Promise<ToldChanges> {
    const told = new ToldChanges(this.#patienceMs);
    this.use(await engine.watch(prefix, told.add));
    return told;
  }

  /** Subscribes, and returns what arrives. */
  async subscribe(engine: Engine, topic: string): Promise<Told<string>> {
    const told = new Told<string>(this.#patienceMs);
    await this.hear(engine, topic, (message) => told.add(text(message)));
    return told;
  }

  /** Subscribes until the end. */
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

/** Asserts that bytes are the same, without a picture of their difference. */
export function assertSameBytes(actual: Uint8Array, wanted: Uint8Array): void {
  assertEquals(actual.length, wanted.length);
  assert(actual.every((byte, at) => byte === wanted[at]), "Other bytes");
}

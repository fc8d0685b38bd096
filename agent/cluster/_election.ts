import { pause } from "../../channel/internal.ts";
import { world } from "../../transports/internal.ts";
import { decodeClaim, encodeClaim, type Owner } from "./_claim.ts";
import { keyOf } from "./_keys.ts";
import type { Members } from "./members.ts";
import { endWatch, patiently } from "./_patience.ts";
import type { Engine } from "./engine.ts";
import { EngineError, StaleEpochError } from "./errors.ts";
import { Leadership } from "./leadership.ts";

/** The time limit for releasing a lead, in milliseconds. */
const RELEASE_MS = 1_000;

/** The parts of its node that an election uses. */
export interface ElectionHost {
  readonly engine: Engine;
  readonly cluster: string;
  readonly members: Members;
  readonly owner: Owner;
  readonly leaseMs: number;
  /**
   * Returns whether the node holds its lease. If the lease has expired, this
   * ends the node.
   */
  holdsLeaseOrEnds(): boolean;
  readonly signal: AbortSignal;
}

/** Waits until no other node leads, and resolves once this node does. */
export async function lead(
  host: ElectionHost,
  name: string,
  signal: AbortSignal,
): Promise<Leadership> {
  const { engine, members, owner } = host;
  const key = keyOf(host.cluster, "lead", name, "holder");
  const prefix = `${keyOf(host.cluster, "lead", name)}.`;
  const id = world.uuid();
  const changes = new Changes();
  const stop = members.listen(() => changes.tell());
  const watch = await engine.watch(prefix, () => changes.tell());
  try {
    for (;;) {
      signal.throwIfAborted();
      const next = changes.next();
      try {
        const entry = await engine.get(key);
        const claim = entry === null ? null : decodeClaim(entry.value);
        // An earlier attempt seemed to fail, but was written after all.
        if (claim?.id === id) return made(host, name, key, entry!.revision);
        const holder = claim?.owner ? await members.find(claim.owner) : null;
        if (holder === null) {
          const value = encodeClaim({ owner, id, bytes: null });
          const expected = entry?.revision ?? 0;
          const epoch = await engine.put(key, value, { expected });
          return made(host, name, key, epoch);
        }
      } catch (error) {
        const isPassing = error instanceof EngineError ||
          error instanceof StaleEpochError;
        if (!isPassing) throw error;
      }
      await next.orAfter(host.leaseMs / 4, signal);
    }
  } catch (error) {
    await forget(host, key, id);
    throw error;
  } finally {
    stop();
    await endWatch(watch, host);
  }
}

/** Releases a lead that an abandoned attempt may have acquired. */
async function forget(
  host: ElectionHost,
  key: string,
  id: string,
): Promise<void> {
  const { engine } = host;
  const remove = async () => {
    const entry = await engine.get(key);
    const isOwn = entry !== null && decodeClaim(entry.value).id === id;
    if (isOwn) await engine.remove(key, entry.revision);
  };
  // If this fails, the lead ends with the lease of this node at the latest.
  await patiently("stop waiting", RELEASE_MS, host, remove).catch(() => {});
}

function made(
  host: ElectionHost,
  name: string,
  key: string,
  epoch: number,
): Leadership {
  const { engine } = host;
  return new Leadership({
    name,
    epoch,
    nodeSignal: host.signal,
    holdsLeaseOrEnds: () => host.holdsLeaseOrEnds(),
    release: () =>
      patiently(
        `stop leading '${name}'`,
        RELEASE_MS,
        host,
        () => engine.remove(key, epoch),
        // If this fails, the lead ends with this node's lease at the latest.
      ).catch(() => {}),
  });
}

/** Wakes waiters when something changes. */
class Changes {
  #changed = Promise.withResolvers<void>();

  tell(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** Returns a wait for the first change after this call. */
  next() {
    const { promise } = this.#changed;
    return {
      /** Waits at most `ms`. Rejects with the reason of `signal`. */
      async orAfter(ms: number, signal: AbortSignal): Promise<void> {
        const woken = new AbortController();
        promise.then(() => woken.abort());
        const either = AbortSignal.any([woken.signal, signal]);
        await pause(ms, either, { isRef: false }).catch(() => {});
        signal.throwIfAborted();
      },
    };
  }
}

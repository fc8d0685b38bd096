/**
 * Acquires a lease, and writes as long as it has no indication of having lost
 * it. It ignores its clock: only the store decides which writes are valid.
 *
 * @module
 */
import type { Engine } from "../../../../agent/cluster/engine.ts";
import {
  EngineError,
  StaleEpochError,
} from "../../../../agent/cluster/errors.ts";
import { printLine } from "../../../shared/peer_process.ts";
import { rest } from "../../../shared/wait.ts";
import { readTask } from "../../_steered.ts";
import { openEngines } from "../_store.ts";
import type { WorkerLine, WorkerTask } from "../_rounds.ts";

const task = readTask<WorkerTask>();
const { lane, writer, leaseMs, isChecked } = task;
const [leases, state] = await openEngines(task.place);
const keys = { lease: `lead.${lane}`, state: `state.${lane}` };
const encode = (value: unknown) =>
  new TextEncoder().encode(JSON.stringify(value));

/** The time between two writes of a holder, in milliseconds. */
const PACE_MS = 5;

/** A write that takes longer than this was interrupted, in milliseconds. */
const LATE_MS = 100;

function tell(line: WorkerLine): void {
  printLine(JSON.stringify(line));
}

/** Acquires the lease; resolves to its revision. */
async function acquire(): Promise<number> {
  for (;;) {
    try {
      return await leases.put(keys.lease, encode(writer), {
        expected: 0,
        leaseMs,
      });
    } catch (error) {
      if (!isUsual(error)) throw error;
    }
    await rest(50);
  }
}

function isUsual(error: unknown): boolean {
  return error instanceof StaleEpochError || error instanceof EngineError;
}

/**
 * Writes as the holder in `epoch`; resolves to the revision, or `null` if
 * stale.
 */
async function write(
  engine: Engine,
  epoch: number,
  revision: number,
): Promise<number | null> {
  const options = isChecked ? { expected: revision } : {};
  try {
    return await engine.put(keys.state, encode({ epoch, writer }), options);
  } catch (error) {
    if (error instanceof StaleEpochError) return null;
    throw error;
  }
}

/**
 * Makes the first write of `epoch`; resolves to `null` if a later epoch has
 * written.
 */
async function claim(epoch: number): Promise<number | null> {
  for (;;) {
    const entry = await state.get(keys.state);
    const written = entry === null
      ? { epoch: 0 }
      : JSON.parse(new TextDecoder().decode(entry.value));
    if (written.epoch > epoch) return null;
    const revision = await write(state, epoch, entry?.revision ?? 0);
    if (revision !== null) return revision;
  }
}

/** Writes until a write is refused, or the lease cannot be renewed. */
async function hold(epoch: number): Promise<void> {
  let lease = epoch;
  let revision = await claim(epoch);
  if (revision === null) return tell({ kind: "refused" });
  tell({ kind: "holds", epoch });
  let renewAt = performance.now() + leaseMs / 3;
  for (;;) {
    await rest(PACE_MS);
    const start = performance.now();
    revision = await write(state, epoch, revision);
    if (revision === null) return tell({ kind: "refused" });
    const now = performance.now();
    // A worker that was stopped here writes again before it renews its lease.
    if (now < renewAt || now - start > LATE_MS) continue;
    const options = { expected: lease, leaseMs };
    lease = await leases.put(keys.lease, encode(writer), options);
    renewAt = performance.now() + leaseMs / 3;
  }
}

tell({ kind: "ready" });
for (;;) {
  try {
    await hold(await acquire());
  } catch (error) {
    if (!isUsual(error)) throw error;
    tell({ kind: "lost" });
  }
}

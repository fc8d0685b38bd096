import { openConnection } from "../../rpc/deno.ts";
import type { Remote } from "../../rpc/remote.ts";
import { PeerProcess, type PeerProcessOptions } from "./_process.ts";
import type { TrialWorld } from "./_trial.ts";

/** Somebody who does what a trial tells, in a process or in this one. */
export interface Steered<T> extends AsyncDisposable {
  /** What it offers. */
  readonly remote: Remote<T>;
}

/**
 * Has a process offer a `T`, or makes it here where the trial's transport does
 * not lead out of a process.
 */
export async function steer<T extends Remote<T> & AsyncDisposable>(
  make: () => T,
  options: PeerProcessOptions,
  { ctx }: TrialWorld,
): Promise<Steered<T>> {
  if (ctx.transport !== "memory") return await steerProcess<T>(options);
  const made = make();
  return {
    remote: made,
    [Symbol.asyncDispose]: () => made[Symbol.asyncDispose](),
  };
}

async function steerProcess<T>(
  options: PeerProcessOptions,
): Promise<Steered<T>> {
  const peer = new PeerProcess(options);
  try {
    const client = await openConnection<T>(await peer.ready);
    return {
      remote: client.remote,
      [Symbol.asyncDispose]: async () => {
        await client.close();
        await peer.dismiss();
      },
    };
  } catch (error) {
    await peer.kill();
    throw error;
  }
}

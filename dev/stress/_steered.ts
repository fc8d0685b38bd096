import { openConnection, startServer } from "../../rpc/deno.ts";
import type { Remote } from "../../rpc/remote.ts";
import { denoCommand, PeerProcess, printLine } from "../shared/peer_process.ts";
import type { TrialWorld } from "./_trial.ts";

/** Starts a program of `peers/` with a task, which is plain data. */
export function startPeer(
  program: string,
  task: unknown = null,
  onLine: (line: string) => void = () => {},
  isNice: boolean = false,
): PeerProcess {
  const command = denoCommand(
    new URL(`./peers/${program}`, import.meta.url),
    [JSON.stringify(task)],
    ["--v8-flags=--expose-gc"],
  );
  // Windows has no `nice`.
  const nice = isNice && Deno.build.os !== "windows" ? ["nice"] : [];
  return new PeerProcess([...nice, ...command], { onLine });
}

/** A service in another process, or in this one. */
export interface Steered<T> extends AsyncDisposable {
  readonly remote: Remote<T>;
}

/**
 * Starts a program that offers a `T`. Creates the `T` in this process instead
 * if the trial's transport works only within a process.
 */
export async function steer<T extends Remote<T> & AsyncDisposable>(
  make: () => T,
  program: string,
  { ctx }: TrialWorld,
  isNice: boolean = false,
): Promise<Steered<T>> {
  if (ctx.transport === "memory") {
    const made = make();
    const dispose = () => made[Symbol.asyncDispose]();
    return { remote: made, [Symbol.asyncDispose]: dispose };
  }
  const peer = startPeer(program, null, undefined, isNice);
  try {
    const client = await openConnection<T>(await peer.first);
    return {
      remote: client.remote,
      [Symbol.asyncDispose]: async () => {
        await client.close();
        await peer[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await peer.kill();
    throw error;
  }
}

/** Returns the task of this process. */
export function readTask<T>(): T {
  return JSON.parse(Deno.args[0]!);
}

/** Resolves when the parent closes this process's input, or ends. */
export async function dismissal(): Promise<void> {
  for await (const _ of Deno.stdin.readable) {
    // Only its end matters.
  }
}

/** Offers a service to the parent until it closes this process's input. */
export async function offer(service: AsyncDisposable): Promise<void> {
  await using server = await startServer("tcp://127.0.0.1:0", service);
  await using _ = service;
  printLine(server.address);
  await dismissal();
}

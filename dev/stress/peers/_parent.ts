import { startServer } from "../../../rpc/deno.ts";

/** What this process has to do. */
export function readTask<T>(): T {
  return JSON.parse(Deno.args[0]!);
}

/** Prints a line, which is out when this returns, even if the process dies. */
export function tell(line: string): void {
  const bytes = new TextEncoder().encode(`${line}\n`);
  for (let at = 0; at < bytes.length;) {
    at += Deno.stdout.writeSync(bytes.subarray(at));
  }
}

/** Resolves when whoever started this process dismisses it, or is gone. */
export async function dismissal(): Promise<void> {
  for await (const _ of Deno.stdin.readable) {
    // Only its end matters.
  }
}

/** Offers something to whoever started this process, until it dismisses it. */
export async function offer(service: AsyncDisposable): Promise<void> {
  await using server = await startServer("tcp://127.0.0.1:0", service);
  await using _ = service;
  tell(server.address);
  await dismissal();
}

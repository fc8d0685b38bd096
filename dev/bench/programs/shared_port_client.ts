/** Calls the work of `shared_port.ts` over many connections. */
import { openConnection } from "@denomas/denomas/rpc";
import { answerRequests } from "../../shared/peer_process.ts";

/** Enough connections for each process to get some. */
const CONNECTIONS = 32;

interface Work {
  work(seed: number): Promise<number>;
}

/** Makes `calls` calls over new connections; returns their time in ms. */
async function run(
  { address, calls }: { readonly address: string; readonly calls: number },
): Promise<number> {
  const clients = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => openConnection<Work>(address)),
  );
  let left = calls;
  const startedAt = performance.now();
  await Promise.all(clients.map(async ({ remote }) => {
    while (left-- > 0) await remote.work(left);
  }));
  const ms = performance.now() - startedAt;
  await Promise.all(clients.map((it) => it.close()));
  return ms;
}

await answerRequests({ run });

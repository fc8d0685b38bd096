/**
 * A node of a cluster that pays into accounts, which live on any node, and
 * reports the outcome of each payment. When its node ends, it joins again.
 *
 * @module
 */
import { Agent } from "../../../agent/agent.ts";
import { Node } from "../../../agent/cluster/node.ts";
import { ServerBusyError } from "../../../channel/errors.ts";
import { natsEngine } from "../../../extras/nats/engine.ts";
import { expose } from "../../../rpc/service/expose.ts";
import { ConnectError } from "../../../transports/errors.ts";
import { printLine } from "../../shared/peer_process.ts";
import { rest } from "../../shared/wait.ts";
import { readTask } from "../_steered.ts";
import type { WorkerLine, WorkerTask } from "./_books.ts";

/** Stores payments in order. */
export class Account extends Agent {
  readonly #payments: string[] = [];

  protected override snapshot(): string[] {
    return this.#payments;
  }

  protected override restore(payments: string[]): void {
    this.#payments.push(...payments);
  }

  /** Must not run twice. */
  @expose
  async pay(id: string): Promise<number> {
    this.#payments.push(id);
    await this.save();
    return this.#payments.length;
  }

  @expose({ idempotent: true })
  payments(): string[] {
    return this.#payments;
  }
}

const { addresses, writer, accounts, callers, leaseMs } = readTask<
  WorkerTask
>();

function tell(line: WorkerLine): void {
  printLine(JSON.stringify(line));
}

let isOver = false;
let number = 0;
let node: Node | null = null;
/** Makes one payment, and reports its outcome. */
async function pay(from: Node): Promise<void> {
  const id = `${writer} ${++number}`;
  const account = `a${number % accounts}`;
  tell({ kind: "begun", id, account });
  try {
    await from.agent<Account>("Account", account).pay(id);
    tell({ kind: "paid", id });
  } catch (error) {
    const { name, sent } = error as Error & { readonly sent?: boolean };
    const hasNotRun = sent === false || error instanceof ConnectError ||
      error instanceof ServerBusyError;
    tell({ kind: "failed", id, hasNotRun, name });
  }
}

async function payOnAndOn(): Promise<void> {
  while (!isOver) {
    if (node === null) await rest(20);
    else await pay(node);
    await rest(Math.random() * 30);
  }
}

/** Reads all accounts at the end of a run. */
async function readAll(from: Node): Promise<void> {
  for (let n = 0; n < accounts; n++) {
    const account = `a${n}`;
    const agent = from.agent<Account>("Account", account);
    tell({ kind: "account", account, payments: await agent.payments() });
  }
  tell({ kind: "read" });
}

const [first, ...others] = addresses;
await using engine = await natsEngine(first!, {
  connection: { servers: others.map((it) => it.slice("nats://".length)) },
  replicas: addresses.length === 3 ? 3 : 1,
});
const leaving = new AbortController();

async function stayJoined(): Promise<void> {
  while (!leaving.signal.aborted) {
    try {
      await using joined = await Node.join("stress", {
        engine,
        leaseMs,
        name: writer,
        signal: leaving.signal,
        onError: () => {},
      });
      await joined.offer({ Account });
      node = joined;
      tell({ kind: "joined" });
      const ends = AbortSignal.any([joined.signal, leaving.signal]);
      await new Promise((resolve) =>
        ends.addEventListener("abort", resolve, { once: true })
      );
      node = null;
    } catch {
      await rest(200);
    }
  }
}

const staying = stayJoined();
const paying = Array.from({ length: callers }, payOnAndOn);
for await (
  const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())
) {
  if (text.includes("stop")) {
    isOver = true;
    Promise.all(paying).then(() => tell({ kind: "settled" }));
  }
  if (text.includes("read")) {
    while (node === null) await rest(20);
    await readAll(node);
  }
}
leaving.abort();
await staying;

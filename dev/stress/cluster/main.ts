/**
 * Kills and restarts the NATS server of a cluster of three processes, whose
 * payments must balance: `deno task stress:cluster`. Ends with exit code 1 on
 * any violation.
 *
 * @module
 */
import {
  natsProgram,
  NatsServer,
} from "../../../extras/nats/fixtures/server.ts";
import { seededRandom } from "../../../testing/network/random.ts";
import { print, printError } from "../../checks/_print.ts";
import { denoCommand } from "../../shared/peer_process.ts";
import { rest } from "../../shared/wait.ts";
import { Books, type WorkerLine, type WorkerTask } from "./_books.ts";

const USAGE = `Usage: deno task stress:cluster [OPTION …]

  --seconds=N   how long payments are made; default 60
  --seed=S      the seed of the outages; default 1
  --servers=N   1 NATS server, or 3 that keep everything three times and of which
                one at a time is killed or stopped; default 1`;

/** The number of nodes, each in a separate process. */
const NODES = 3;

const LEASE_MS = 3_000;

/** The maximum outage; a node that misses its lease ends and joins again. */
const LONGEST_OUTAGE_MS = 5_000;

/**
 * The time limit of the end: a call waits for twice the lease, and no call may
 * hang.
 */
const SETTLE_MS = 60_000;

/** A node in a separate process, which is controlled by lines of text. */
class Worker implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<void>;
  readonly #told = new Set<string>();
  #news = Promise.withResolvers<void>();

  constructor(task: WorkerTask, onLine: (line: WorkerLine) => void) {
    const program = new URL("./worker.ts", import.meta.url);
    const [deno, ...args] = denoCommand(program, [JSON.stringify(task)]);
    this.#child = new Deno.Command(deno!, {
      args,
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#reading = this.#read(onLine);
  }

  async #read(onLine: (line: WorkerLine) => void): Promise<void> {
    let rest = "";
    const output = this.#child.stdout.pipeThrough(new TextDecoderStream());
    for await (const part of output) {
      const lines = (rest + part).split("\n");
      rest = lines.pop()!;
      for (const line of lines.map((it): WorkerLine => JSON.parse(it))) {
        onLine(line);
        this.#told.add(line.kind);
        this.#news.resolve();
        this.#news = Promise.withResolvers();
      }
    }
  }

  /** Sends a line, and waits for a line of the given kind. */
  async ask(line: string, kind: WorkerLine["kind"]): Promise<boolean> {
    await this.#input.write(new TextEncoder().encode(`${line}\n`));
    const late = rest(SETTLE_MS).then(() => "late" as const);
    while (!this.#told.has(kind)) {
      if (await Promise.race([this.#news.promise, late]) === "late") {
        return false;
      }
    }
    return true;
  }

  /** Resolves once the node has joined. */
  async joined(): Promise<void> {
    while (!this.#told.has("joined")) await this.#news.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => {});
    const limit = setTimeout(() => this.#child.kill("SIGKILL"), 10_000);
    await this.#child.status;
    clearTimeout(limit);
    await this.#reading;
  }
}

/** Starts NATS servers; several servers form one cluster. */
async function startServers(count: number): Promise<NatsServer[]> {
  const program = natsProgram(2, 11);
  if (program === undefined) {
    throw new Error("Cannot start: there is no 'nats-server' of 2.11 or later");
  }
  if (count === 1) return [await NatsServer.start({ program })];
  const ports = freePorts(count);
  const routes = ports.map((port) => `nats://127.0.0.1:${port}`).join(", ");
  return await Promise.all(ports.map((port, n) =>
    NatsServer.start({
      program,
      config: `server_name: s${n}
cluster { name: stress, listen: "127.0.0.1:${port}", routes: [${routes}] }`,
    })
  ));
}

/**
 * Returns free ports: the servers of a cluster must know each other's ports
 * before they start.
 */
function freePorts(count: number): number[] {
  const listeners = Array.from(
    { length: count },
    () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  );
  const ports = listeners.map(({ addr }) => (addr as Deno.NetAddr).port);
  for (const listener of listeners) listener.close();
  return ports;
}

/** Options for {@linkcode payThroughOutages}. */
interface Options {
  readonly seconds: number;
  readonly seed: number;
  readonly servers: number;
}

/** Runs a cluster, and returns the payments that do not balance. */
async function payThroughOutages(
  { seconds, seed, servers: count }: Options,
): Promise<{ books: Books; outages: number; breaches: string[] }> {
  const random = seededRandom(seed);
  const servers = await startServers(count);
  const books = new Books();
  const breaches: string[] = [];
  const workers = Array.from({ length: NODES }, (_, n) =>
    new Worker({
      addresses: servers.map(({ url }) => url),
      writer: `node-${n}`,
      accounts: 12,
      callers: 8,
      leaseMs: LEASE_MS,
    }, (line) => books.enter(line)));
  let outages = 0;
  try {
    for (const worker of workers) await worker.joined();
    const until = performance.now() + seconds * 1_000;
    while (performance.now() < until) {
      await rest(500 + random() * 4_000);
      const server = servers[Math.floor(random() * count)]!;
      outages++;
      // Most outages are short.
      const outageMs = random() ** 2 * LONGEST_OUTAGE_MS;
      // A server that is stopped and resumed may still consider itself the
      // leader.
      if (count > 1 && random() < 0.5) {
        server.signal("SIGSTOP");
        await rest(outageMs);
        server.signal("SIGCONT");
      } else {
        await server.kill();
        await rest(outageMs);
        await server.restart();
      }
    }
    for (const [n, worker] of workers.entries()) {
      if (!await worker.ask("stop", "settled")) {
        breaches.push(`A call of node-${n} hangs`);
      }
    }
    if (!await workers[0]!.ask("read", "read")) {
      breaches.push("The accounts cannot be read");
    }
  } finally {
    for (const worker of workers) await worker[Symbol.asyncDispose]();
    for (const server of servers) await server[Symbol.asyncDispose]();
  }
  return { books, outages, breaches: [...breaches, ...books.breaches()] };
}

async function run(args: readonly string[]): Promise<boolean> {
  const values = args.map((arg) => {
    const [, name, value] = /^--(seconds|seed|servers)=(\d+)$/.exec(arg) ?? [];
    if (name !== undefined) return [name, Number(value)] as const;
    throw new TypeError(`Reading '${arg}': unknown argument\n\n${USAGE}`);
  });
  const { seconds = 60, seed = 1, servers = 1 } = Object.fromEntries(values);
  const options = { seconds, seed, servers };
  const { books, outages, breaches } = await payThroughOutages(options);
  const { paid, lost, "not run": notRun } = books.counts;
  const errors = [...books.errors].map(([name, count]) => `${count} ${name}`);
  print(
    `${outages} outages, ${books.joined} times joined; ${paid} paid, ${lost} lost, ${notRun} not run, ${books.received} received; ${
      errors.join(", ")
    }`,
  );
  for (const breach of breaches.slice(0, 20)) print(breach);
  print(`${breaches.length} breaches`);
  return breaches.length === 0;
}

if (import.meta.main) {
  try {
    if (!await run(Deno.args)) Deno.exit(1);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    printError(error.message);
    Deno.exit(2);
  }
}

/**
 * A queue of jobs: a server, workers and submitters, each in a process of its
 * own. One process of each kind is killed, and a server and a worker are asked
 * to end while jobs run.
 *
 *     deno run -A examples/jobs/main.ts
 *
 * It exits with 0 only if each job that was accepted ended exactly once.
 *
 * @module
 */
import { join } from "@std/path";
import { setTimeout } from "node:timers/promises";
import { print } from "../print.ts";
import { Program } from "../program.ts";
import { runDemo } from "../run_demo.ts";
import { makeTempFolder } from "../temp_folder.ts";
import { connect } from "./connect.ts";
import { type Books, type Entry, readJournal } from "./queue.ts";

/** How long to wait for what should happen. */
const PATIENCE_MS = 10_000;

/**
 * Runs the demo.
 *
 * @throws {Error} If something was not as it should be.
 */
export async function demonstrate(signal: AbortSignal): Promise<void> {
  print("A queue of jobs, whose processes are killed on the way\n");
  await using folder = await makeTempFolder("jobs-");
  await using programs = new AsyncDisposableStack();
  const journal = join(folder.path, "journal.jsonl");
  const permissions = ["net", "read", "write"].map((it) =>
    it === "net" ? "--allow-net" : `--allow-${it}=${folder.path}`
  );
  const start = (name: string, ...args: string[]): Program => {
    const file = new URL(`${name}.ts`, import.meta.url);
    const stdout = name === "server" ? "piped" : "inherit";
    return programs.use(
      new Program({ file, args, permissions, stdout, signal }),
    );
  };
  let address = Deno.build.os === "windows"
    ? "tcp://127.0.0.1:0"
    : `ipc://[${join(folder.path, "jobs.sock")}]`;
  const serve = async () => {
    const server = start("server", address, journal);
    address = await server.firstLine();
    print(`  server at ${address}, process ${server.pid}`);
    return server;
  };

  let server = await serve();
  const hill = start("worker", address, "hill");
  const dale = start("worker", address, "dale");
  const ada = start("submitter", address, "ada", "15");
  const bob = start("submitter", address, "bob", "1000");
  await using client = await connect(address, {
    name: "main",
    role: "submitter",
  });
  const until = async (what: string, isSo: (books: Books) => boolean) => {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      signal.throwIfAborted();
      const books = await client.remote.books();
      if (isSo(books)) return books;
      if (performance.now() > deadline) {
        throw new Error(`${what} took too long: ${JSON.stringify(books)}`);
      }
      await setTimeout(10, undefined, { signal });
    }
  };
  const runs = (worker: string) => ({ running }: Books) =>
    // By then it has put away what it had before.
    running.find((it) => it.worker === worker && it.done! >= 2);

  await until("Cancelling", ({ cancelled }) => cancelled === 2);
  const books = await until("A job of hill", (it) => !!runs("hill")(it));
  kill(hill, "SIGKILL", "a worker");
  const orphan = runs("hill")(books)!.id;
  start("worker", address, "moor");

  await until("A job of moor", (it) => !!runs("moor")(it));
  kill(server, "SIGTERM", "the server");
  await expectSuccess(server, "The server");
  server = await serve();

  await until("A job of dale", (it) => !!runs("dale")(it));
  kill(server, "SIGKILL", "the server");
  server = await serve();

  await until("A job of dale", (it) => !!runs("dale")(it));
  kill(bob, "SIGKILL", "a submitter");
  kill(dale, "SIGTERM", "a worker");
  await expectSuccess(dale, "The worker");
  await expectSuccess(ada, "The submitter");
  await until(
    "The rest",
    (it) => it.accepted === it.done + it.failed + it.cancelled,
  );
  kill(server, "SIGTERM", "the server");
  await expectSuccess(server, "The server");
  check(readJournal(journal), orphan);
}

function kill({ pid }: Program, signal: Deno.Signal, what: string): void {
  print(`  ${signal} to ${what}, process ${pid}`);
  Deno.kill(pid, signal);
}

async function expectSuccess(program: Program, what: string): Promise<void> {
  if (!await program.succeeded()) throw new Error(`${what} failed: see above`);
}

/** Each job that was accepted has ended once. */
function check(entries: readonly Entry[], orphan: string): void {
  const accepted = entries.filter((it) => "chunks" in it).map(({ id }) => id);
  const ends = entries.flatMap((it) => "end" in it ? [it] : []);
  const once = new Set(ends.map(({ id }) => id));
  const isBalanced = once.size === ends.length &&
    accepted.length === new Set(accepted).size &&
    accepted.length === ends.length && accepted.every((id) => once.has(id));
  if (!isBalanced) {
    throw new Error(`${accepted.length} accepted, ${ends.length} ended`);
  }
  const { end } = ends.find(({ id }) => id === orphan)!;
  if (end.state === "done" && end.worker === "hill") {
    throw new Error(`'${orphan}' was done by a worker that was killed`);
  }
  print(`\n  ${orphan}, whose worker was killed, was given to another one`);
  print(`Each of ${accepted.length} jobs ended once`);
}

if (import.meta.main) await runDemo(demonstrate);

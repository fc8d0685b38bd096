/**
 * A queue of jobs: a server, workers and submitters, each in a process of its
 * own. One process of each kind is killed, and a server and a worker are asked
 * to end while jobs run.
 *
 *     deno run -A examples/jobs/main.ts
 *
 * It takes signals and sockets of Unix. It exits with 0 only if each job that
 * was accepted ended exactly once.
 *
 * @module
 */
import { assertEquals, assertNotEquals } from "@std/assert";
import { join } from "@std/path";
import { setTimeout } from "node:timers/promises";
import { print } from "../print.ts";
import { Program } from "../program.ts";
import { runDemo } from "../run_demo.ts";
import { makeTempFolder } from "../temp_folder.ts";
import { connect } from "./connect.ts";
import { type Entry, type ListedJob, readJournal } from "./queue.ts";

/** How often to look for what should happen. */
const MAX_WAITS = 1_000;
/** In this time the server hears what a worker said before it was stopped. */
const STOP_MS = 100;

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
  const address = `ipc://[${join(folder.path, "jobs.sock")}]`;
  const start = (name: string, ...args: string[]) => {
    const program = new Program({
      file: new URL(`${name}.ts`, import.meta.url),
      args: [address, ...args],
      permissions: ["--allow-net", "--allow-read", "--allow-write"],
      stdout: name === "server" ? "piped" : "inherit",
      signal,
    });
    return programs.use(program);
  };
  const serve = async () => {
    const server = start("server", journal);
    print(`  server at ${await server.firstLine()}, process ${server.pid}`);
    return server;
  };

  let server = await serve();
  const hill = start("worker", "hill");
  const dale = start("worker", "dale");
  const ada = start("submitter", "ada", "15");
  const bob = start("submitter", "bob", "1000");
  const main = { name: "main", role: "submitter" } as const;
  await using client = await connect(address, main);
  const until = async (isSo: (jobs: ListedJob[]) => unknown) => {
    for (let waits = 0; waits < MAX_WAITS; waits++) {
      const jobs = await client.remote.list();
      if (isSo(jobs)) return jobs;
      await setTimeout(10, undefined, { signal });
    }
    throw new Error(`Waited in vain until ${isSo}`);
  };
  const jobOf = (worker: string, jobs: ListedJob[], done = 2) =>
    jobs.find((it) =>
      it.worker === worker && it.state === "running" && it.done >= done
    )?.id;

  await until((jobs) => count(jobs, "cancelled") === 2);
  // By its second step it has put away what it had before.
  await until((jobs) => jobOf("hill", jobs));
  // A worker that is stopped cannot finish its job before it is killed.
  send("SIGSTOP", hill, "a worker");
  await setTimeout(STOP_MS, undefined, { signal });
  const jobs = await until((jobs) => jobOf("hill", jobs, 0));
  const orphan = jobOf("hill", jobs, 0)!;
  send("SIGKILL", hill, "a worker");
  start("worker", "moor");
  await until((jobs) => jobOf("moor", jobs));
  await end(server, "the server");
  server = await serve();
  await until((jobs) => jobOf("dale", jobs));
  send("SIGKILL", server, "the server");
  server = await serve();
  await until((jobs) => jobOf("dale", jobs));
  send("SIGKILL", bob, "a submitter");
  await end(dale, "a worker");
  if (!await ada.succeeded()) throw new Error("A submitter failed: see above");
  await until((jobs) => count(jobs, "waiting") + count(jobs, "running") === 0);
  await end(server, "the server");
  check(readJournal(journal), orphan);
}

function count(jobs: readonly ListedJob[], wanted: string): number {
  return jobs.filter(({ state }) => state === wanted).length;
}

function send(signal: Deno.Signal, { pid }: Program, what: string): void {
  print(`  ${signal} to ${what}, process ${pid}`);
  Deno.kill(pid, signal);
}

async function end(program: Program, what: string): Promise<void> {
  send("SIGTERM", program, what);
  if (!await program.succeeded()) throw new Error(`Ending ${what} failed`);
}

/** Each job that was accepted has ended once. */
function check(entries: readonly Entry[], orphan: string): void {
  const accepted = entries.filter(({ chunks }) => chunks).map(({ id }) => id);
  const ended = entries.filter(({ end }) => end).map(({ id }) => id);
  assertEquals(ended.toSorted(), [...new Set(accepted)].toSorted());
  assertEquals(accepted.length, ended.length);
  const { end } = entries.findLast(({ id }) => id === orphan)!;
  print(`\n  ${orphan}, whose worker was killed, was given to ${end!.worker}`);
  assertNotEquals(end!.worker, "hill");
  print(`Each of ${accepted.length} jobs ended once`);
}

if (import.meta.main) await runDemo(demonstrate);

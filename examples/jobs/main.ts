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
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { setTimeout } from "node:timers/promises";
import { print } from "../print.ts";
import { Program } from "../program.ts";
import { runDemo } from "../run_demo.ts";
import { makeTempFolder } from "../temp_folder.ts";
import { type Entry, readJournal } from "./queue.ts";

/** How often to look for what should happen. */
const MAX_WAITS = 1_000;
/** In this time others hear what one has said before it is stopped. */
const SETTLE_MS = 100;

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
  const start = (name: string, ...args: string[]) =>
    programs.use(
      new Program({
        file: new URL(`${name}.ts`, import.meta.url),
        args: [address, ...args],
        permissions: ["--allow-net", "--allow-read", "--allow-write"],
        stdout: name === "server" ? "piped" : "inherit",
        signal,
      }),
    );
  let before = 0;
  const serve = async () => {
    const server = start("server", journal);
    print(`  server at ${await server.firstLine()}, process ${server.pid}`);
    before = readJournal(journal).length;
    return server;
  };

  let server = await serve();
  const hill = start("worker", "hill");
  const dale = start("worker", "dale");
  const ada = start("submitter", "ada", "8");
  const bob = start("submitter", "bob", "1000");
  /** Waits for what this server should write. */
  const until = async (isSo: (entries: Entry[]) => unknown) => {
    for (let waits = 0; !isSo(readJournal(journal).slice(before)); waits++) {
      if (waits === MAX_WAITS) throw new Error(`Waited in vain until ${isSo}`);
      await setTimeout(10, undefined, { signal });
    }
  };

  await until((all) =>
    all.filter(({ end }) => end?.state === "cancelled").length === 2
  );
  await setTimeout(SETTLE_MS, undefined, { signal });
  // A worker that is stopped cannot finish its job before it is killed.
  send("SIGSTOP", hill, "hill");
  await setTimeout(SETTLE_MS, undefined, { signal });
  await until((all) => jobOf("hill", all));
  const orphan = jobOf("hill", readJournal(journal))!;
  send("SIGKILL", hill, "hill");
  start("worker", "moor");
  await until((all) => workersOf(orphan, all).length === 2);
  // A worker whose first connection is lost too early gives up.
  await until((all) => jobOf("dale", all) && jobOf("moor", all));
  assert(await send("SIGTERM", server, "the server"));
  server = await serve();
  await until((all) => jobOf("dale", all));
  send("SIGKILL", server, "the server");
  server = await serve();
  await until((all) => jobOf("dale", all));
  send("SIGKILL", bob, "bob");
  assert(await send("SIGTERM", dale, "dale"));
  assert(await ada.succeeded());
  before = 0;
  await until((all) => all.every(({ id }) => hasEnded(id, all)));
  assert(await send("SIGTERM", server, "the server"));
  check(readJournal(journal), orphan);
}

function hasEnded(id: string, entries: readonly Entry[]): boolean {
  return entries.some((it) => it.id === id && it.end);
}

/** Those who were given a job, one after the other. */
function workersOf(id: string, entries: readonly Entry[]): string[] {
  return entries.flatMap((it) => it.id === id && it.worker || []);
}

/** The job that a worker has. */
function jobOf(name: string, entries: readonly Entry[]): string | undefined {
  const { id } = entries.findLast(({ worker }) => worker === name) ?? {};
  return id !== undefined && !hasEnded(id, entries) ? id : undefined;
}

/** Sends a signal, and tells whether the program then ended well. */
function send(signal: Deno.Signal, program: Program, who: string) {
  print(`  ${signal} to ${who}, process ${program.pid}`);
  Deno.kill(program.pid, signal);
  return program.succeeded();
}

/** Each job that was accepted has ended once. */
function check(entries: readonly Entry[], orphan: string): void {
  const accepted = entries.filter(({ chunks }) => chunks).map(({ id }) => id);
  const ended = entries.filter(({ end }) => end).map(({ id }) => id);
  assertEquals(ended.toSorted(), [...new Set(accepted)].toSorted());
  assertEquals(accepted.length, ended.length);
  const [first, ...others] = workersOf(orphan, entries);
  assertEquals([first, others.includes("hill")], ["hill", false]);
  print(`\n  ${orphan}, whose worker was killed, was given to ${others}`);
  print(`Each of ${accepted.length} jobs ended once`);
}

if (import.meta.main) await runDemo(demonstrate);

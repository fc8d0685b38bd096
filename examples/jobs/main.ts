/**
 * A queue of jobs: a server, workers and submitters, each in a separate
 * process. One process of each kind is killed; a server and a worker also get
 * SIGTERM while jobs run.
 *
 *     deno run -A examples/jobs/main.ts
 *
 * It exits with 0 only if each accepted job ended exactly once. It needs Unix
 * signals and sockets.
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

/**
 * Runs the demo.
 *
 * @throws {Error} If the result is not as expected.
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
  const serve = async () => {
    const server = start("server", journal);
    print(`  server at ${await server.firstLine()}, process ${server.pid}`);
    return server;
  };
  const entries = (isWanted: (entry: Entry) => unknown) =>
    readJournal(journal).filter(isWanted);
  const until = async (isSo: () => boolean) => {
    while (!isSo()) await setTimeout(10, undefined, { signal });
  };
  /**
   * Waits until a worker has received more jobs; then all but the last one have
   * ended.
   */
  const moreJobs = async (name: string, count = 2) => {
    const given = () => entries(({ worker }) => worker === name).length;
    const enough = given() + count;
    await until(() => given() >= enough);
  };

  let server = await serve();
  const hill = start("worker", "hill");
  const dale = start("worker", "dale");
  const ada = start("submitter", "ada", "20");
  const bob = start("submitter", "bob", "1000");
  await until(() => entries(wasCancelled).length === 2);
  await Promise.all([moreJobs("hill"), moreJobs("dale")]);

  send("SIGSTOP", hill, "hill");
  await moreJobs("dale"); // by now the server has read all that hill sent
  const orphan = entries(({ worker }) => worker === "hill").at(-1)!.id;
  send("SIGKILL", hill, "hill");
  const moor = start("worker", "moor");
  await until(() => entries((it) => it.id === orphan && it.worker).length > 1);
  print(`  ${orphan}, whose worker was killed, has another worker`);

  await moreJobs("moor", 1);
  assert(await send("SIGTERM", server, "the server"));
  server = await serve();
  await moreJobs("dale");
  send("SIGKILL", server, "the server");
  server = await serve();
  await moreJobs("dale");
  send("SIGKILL", bob, "bob");
  assert(await send("SIGTERM", dale, "dale"));
  assert(await ada.succeeded());
  const accepted = () => entries(({ chunks }) => chunks).map(({ id }) => id);
  const ended = () => entries(({ end }) => end).map(({ id }) => id);
  await until(() => ended().length >= accepted().length);
  assert(await send("SIGTERM", server, "the server"));
  assert(await send("SIGTERM", moor, "moor"));
  assertEquals(ended().toSorted(), accepted().toSorted());
  assertEquals(new Set(ended()).size, ended().length);
  print(`\nEach of ${ended().length} jobs ended once`);
}

const wasCancelled = ({ end }: Entry) => end?.state === "cancelled";

/** Sends a signal; returns whether the program then exited successfully. */
function send(signal: Deno.Signal, program: Program, who: string) {
  print(`  ${signal} to ${who}, process ${program.pid}`);
  Deno.kill(program.pid, signal);
  return program.succeeded();
}

if (import.meta.main) await runDemo(demonstrate);

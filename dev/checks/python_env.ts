/**
 * A Python virtual environment for the tests and demos that communicate with
 * Python programs, in a folder of the project that is not committed.
 *
 * Run as a program, it creates the environment and prints the path of its
 * Python.
 *
 * @module
 */

import { print, printError } from "./_print.ts";
import { ROOT } from "./_project.ts";

/** The path of Python, or the reason why it is missing. */
export type PythonEnv =
  | { readonly python: string }
  | { readonly missing: string };

/** Options for {@linkcode pythonEnv}. */
export interface PythonEnvOptions {
  /**
   * The folder of the environment.
   *
   * @default {`.python` in the project's folder}
   */
  readonly folder?: string;
  /**
   * The file that lists the packages, each with its version.
   *
   * @default {`dev/checks/python_requirements.txt`}
   */
  readonly requirements?: string;
  /**
   * The possible names of the Python command on this machine.
   *
   * @default {["python3", "python"]}
   */
  readonly names?: readonly string[];
}

/**
 * Returns a Python with all packages. Its environment is created if it is
 * missing, incomplete, or does not match the requirements. Concurrent calls, in
 * this process or others, wait for that.
 */
export async function pythonEnv(
  {
    folder = `${ROOT}/.python`,
    requirements = `${ROOT}/dev/checks/python_requirements.txt`,
    names = ["python3", "python"],
  }: PythonEnvOptions = {},
): Promise<PythonEnv> {
  await Deno.mkdir(folder, { recursive: true });
  using lock = await Deno.open(`${folder}/lock`, { create: true, write: true });
  await lock.lock(true);
  const python = pythonIn(folder);
  const wanted = await Deno.readTextFile(requirements);
  // Contains the installed requirements, once all of them are installed.
  const stamp = `${folder}/installed.txt`;
  if (await isComplete(python, stamp, wanted)) return { python };
  try {
    await Deno.writeTextFile(stamp, "");
    await install(await findPython(names), folder, requirements);
    await Deno.writeTextFile(stamp, wanted);
    return { python };
  } catch (error) {
    if (error instanceof CommandError) return { missing: error.message };
    throw error;
  }
}

function pythonIn(folder: string): string {
  return Deno.build.os === "windows"
    ? `${folder}/venv/Scripts/python.exe`
    : `${folder}/venv/bin/python`;
}

async function isComplete(
  python: string,
  stamp: string,
  wanted: string,
): Promise<boolean> {
  try {
    if (await Deno.readTextFile(stamp) !== wanted) return false;
    await run("starting Python", python, ["-c", ""]);
    return true;
  } catch (error) {
    const isAbsent = error instanceof Deno.errors.NotFound ||
      error instanceof CommandError;
    if (isAbsent) return false;
    throw error;
  }
}

async function findPython(names: readonly string[]): Promise<string> {
  for (const name of names) {
    if (await failureOf(name, ["-c", ""]) === null) return name;
  }
  throw new CommandError(`there is no '${names.join("' or '")}'`);
}

async function install(
  python: string,
  folder: string,
  requirements: string,
): Promise<void> {
  const venv = ["-m", "venv", "--clear", `${folder}/venv`];
  await run("making a virtual environment", python, venv);
  await run("installing packages of Python", pythonIn(folder), [
    ...["-m", "pip", "install", "--quiet", "--no-input"],
    ...["--disable-pip-version-check", "--retries", "1", "--timeout", "15"],
    ...["--requirement", requirements],
  ]);
}

/** Thrown when a command cannot be started, or fails. */
class CommandError extends Error {
  override name = "CommandError";
}

async function run(
  what: string,
  command: string,
  args: readonly string[],
): Promise<void> {
  const why = await failureOf(command, args);
  if (why !== null) throw new CommandError(`${what} failed: ${why}`);
}

/** Runs a command; returns its error in one line, or `null` on success. */
async function failureOf(
  command: string,
  args: readonly string[],
): Promise<string | null> {
  try {
    const { success, code, stderr } = await new Deno.Command(command, {
      args: [...args],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    if (success) return null;
    const lines = new TextDecoder().decode(stderr).trim().split("\n");
    return lines.at(-1) || `exit code ${code}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "it is not there";
    throw error;
  }
}

if (import.meta.main) {
  const env = await pythonEnv();
  if ("python" in env) print(env.python);
  else {
    printError(`Making the environment of Python: ${env.missing}`);
    Deno.exit(1);
  }
}

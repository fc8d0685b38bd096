/**
 * A virtual environment of Python for the tests and demos that speak with
 * programs in Python, in a folder of the project that is not committed.
 *
 * Run as a program it makes the environment and prints where its Python is.
 *
 * @module
 */

import { print, printError } from "./_print.ts";
import { ROOT } from "./_project.ts";

const REQUIREMENTS = `${ROOT}/tools/python_requirements.txt`;
const FOLDER = `${ROOT}/.python`;
const VENV = `${FOLDER}/venv`;
/** Holds the requirements that are installed, once all of them are. */
const STAMP = `${FOLDER}/installed.txt`;

const PYTHON = Deno.build.os === "windows"
  ? `${VENV}/Scripts/python.exe`
  : `${VENV}/bin/python`;

/** How Python may be called on a machine. */
const NAMES = ["python3", "python"];

/** Where Python is, or in a few words why it is missing. */
export type PythonEnv =
  | { readonly python: string }
  | { readonly missing: string };

/**
 * The Python that has the packages of `python_requirements.txt`. The
 * environment is made if it is not there, or not complete; whoever asks at the
 * same time, in this process or another, waits for it.
 */
export async function pythonEnv(): Promise<PythonEnv> {
  await Deno.mkdir(FOLDER, { recursive: true });
  using lock = await Deno.open(`${FOLDER}/lock`, {
    create: true,
    write: true,
  });
  await lock.lock(true);
  const wanted = await Deno.readTextFile(REQUIREMENTS);
  if (await isComplete(wanted)) return { python: PYTHON };
  try {
    await makeEnvironment();
  } catch (error) {
    if (error instanceof CommandError) return { missing: error.message };
    throw error;
  }
  await Deno.writeTextFile(STAMP, wanted);
  return { python: PYTHON };
}

async function isComplete(wanted: string): Promise<boolean> {
  try {
    if (await Deno.readTextFile(STAMP) !== wanted) return false;
    await run("starting Python", PYTHON, ["-c", ""]);
    return true;
  } catch (error) {
    const isAbsent = error instanceof Deno.errors.NotFound ||
      error instanceof CommandError;
    if (isAbsent) return false;
    throw error;
  }
}

async function makeEnvironment(): Promise<void> {
  const python = await findPython();
  await Deno.writeTextFile(STAMP, "");
  const venv = ["-m", "venv", "--clear", VENV];
  await run("making a virtual environment", python, venv);
  await run("installing packages of Python", PYTHON, [
    ...["-m", "pip", "install", "--quiet", "--no-input"],
    ...["--disable-pip-version-check", "--retries", "1", "--timeout", "15"],
    ...["--requirement", REQUIREMENTS],
  ]);
}

async function findPython(): Promise<string> {
  for (const name of NAMES) {
    try {
      await run("starting Python", name, ["-c", ""]);
      return name;
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
    }
  }
  throw new CommandError(`no '${NAMES.join("' or '")}' found`);
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

/** Runs a command; why it failed, in a line, or `null`. */
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

/**
 * Finds or installs Node.js 22 or later, and Bun, for the tests of bundles and
 * of the npm package. They are kept in folders of the project that are not
 * committed.
 *
 * @module
 */

import { ROOT } from "./_project.ts";

/** The path of the runtime, or the reason why it is missing. */
export type NodeEnv = { readonly node: string } | { readonly missing: string };

/** A runtime that npm can install. */
interface Runtime {
  /** The command of the runtime. */
  readonly name: string;
  readonly version: string;
  readonly leastMajor: number;
}

const NODE: Runtime = { name: "node", version: "22", leastMajor: 22 };
const BUN: Runtime = { name: "bun", version: "1.4.5", leastMajor: 1 };

/**
 * Returns a Node.js of version 22 or later: the installed one, or one that npm
 * installs. Concurrent calls wait for the installation.
 */
export async function nodeEnv(
  folder: string = `${ROOT}/.node`,
): Promise<NodeEnv> {
  return await runtimeEnv(NODE, folder);
}

/** Returns Bun: the installed one, or one that npm installs. */
export async function bunEnv(
  folder: string = `${ROOT}/.bun`,
): Promise<NodeEnv> {
  return await runtimeEnv(BUN, folder);
}

async function runtimeEnv(
  runtime: Runtime,
  folder: string,
): Promise<NodeEnv> {
  const { name, version } = runtime;
  if (await isRecent(name, runtime)) return { node: name };
  await Deno.mkdir(folder, { recursive: true });
  using lock = await Deno.open(`${folder}/lock`, { create: true, write: true });
  await lock.lock(true);
  const node = Deno.build.os === "windows"
    ? `${folder}/node_modules/${name}/bin/${name}.exe`
    : `${folder}/node_modules/.bin/${name}`;
  if (await isRecent(node, runtime)) return { node };
  const npm = Deno.build.os === "windows" ? "npm.cmd" : "npm";
  const flags = ["--no-audit", "--no-fund", "--loglevel=error"];
  const output = await run(npm, [
    ...["install", "--prefix", folder, ...flags, `${name}@${version}`],
  ]);
  if (await isRecent(node, runtime)) return { node };
  const reason = output?.trim().split("\n").at(-1) || "there is no 'npm'";
  return { missing: `installing ${name}@${version} failed: ${reason}` };
}

async function isRecent(
  command: string,
  { leastMajor }: Runtime,
): Promise<boolean> {
  const version = await run(command, ["--version"]);
  const [, major = 0] = /^v?(\d+)\./.exec(version ?? "") ?? [];
  return Number(major) >= leastMajor;
}

/** Returns the output of a command, or `null` if it does not exist. */
async function run(
  command: string,
  args: readonly string[],
): Promise<string | null> {
  try {
    const { stdout, stderr } = await new Deno.Command(command, {
      args: [...args],
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    return decoder.decode(stdout) + decoder.decode(stderr);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

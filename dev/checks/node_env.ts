/**
 * Finds or installs Node.js 22 or later, for the tests of bundles. It is kept
 * in a folder of the project that is not committed.
 *
 * @module
 */

import { ROOT } from "./_project.ts";

/** The path of Node, or the reason why there is none. */
export type NodeEnv = { readonly node: string } | { readonly missing: string };

const LEAST_VERSION = 22;
const PACKAGE = "node@22";

/**
 * Returns a Node.js of version 22 or later: that of the machine, or one that
 * npm installs. Other calls at the same time wait for the installation.
 */
export async function nodeEnv(
  folder: string = `${ROOT}/.node`,
): Promise<NodeEnv> {
  if (await isRecent("node")) return { node: "node" };
  await Deno.mkdir(folder, { recursive: true });
  using lock = await Deno.open(`${folder}/lock`, { create: true, write: true });
  await lock.lock(true);
  const node = Deno.build.os === "windows"
    ? `${folder}/node_modules/node/bin/node.exe`
    : `${folder}/node_modules/.bin/node`;
  if (await isRecent(node)) return { node };
  const npm = Deno.build.os === "windows" ? "npm.cmd" : "npm";
  const flags = ["--no-audit", "--no-fund", "--loglevel=error"];
  const output = await run(npm, [
    ...["install", "--prefix", folder, ...flags, PACKAGE],
  ]);
  if (await isRecent(node)) return { node };
  const reason = output?.trim().split("\n").at(-1) || "there is no 'npm'";
  return { missing: `installing ${PACKAGE} failed: ${reason}` };
}

async function isRecent(node: string): Promise<boolean> {
  const version = await run(node, ["--version"]);
  const [, major = 0] = /^v(\d+)\./.exec(version ?? "") ?? [];
  return Number(major) >= LEAST_VERSION;
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

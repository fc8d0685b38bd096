/**
 * Programs for Node and Bun call a server in Deno, using the package in the
 * form that npm installs.
 */
import { assertEquals } from "@std/assert";
import { startServer as startChannels } from "@denomas/denomas/channel";
import { service, startServer } from "@denomas/denomas/rpc";
import { ws } from "@denomas/denomas/websocket";
import { bunEnv, type NodeEnv, nodeEnv } from "./node_env.ts";
import { listFiles, readConfig, ROOT } from "./_project.ts";

const isLeftOut = Deno.build.os === "windows";
const PROGRAM = new URL("fixtures/packed_client.mjs", import.meta.url);

const calculator = service({
  add: (a: number, b: number) => a + b,
  count: async function* () {
    for (let n = 1;; n++) yield await Promise.resolve(n);
  },
  twice: async (f: (n: number) => number, n: number) => await f(n),
});

/** Runs a command; throws an error with its output if it fails. */
async function run(
  command: string,
  args: readonly string[],
  cwd: string,
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    cwd,
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  if (success) return decoder.decode(stdout);
  throw new Error(`${command} failed: ${decoder.decode(stderr)}`);
}

/** Packs the package into `folder`, with `@std` from npm. */
async function pack(folder: string): Promise<string> {
  const source = `${folder}/source`;
  for (const file of await listFiles()) {
    const target = `${source}/${file}`;
    await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), {
      recursive: true,
    });
    await Deno.copyFile(`${ROOT}/${file}`, target);
  }
  const facades = JSON.parse(
    await Deno.readTextFile(`${ROOT}/dev/checks/npm_std/import_map.json`),
  ).imports as Record<string, string>;
  const imports = Object.fromEntries(
    Object.entries(facades).map(([name, path]) => [
      name,
      path.startsWith("./") ? `./dev/checks/npm_std/${path.slice(2)}` : path,
    ]),
  );
  const config = { ...await readConfig(), imports, lock: false };
  await Deno.writeTextFile(`${source}/deno.json`, JSON.stringify(config));
  const file = `${folder}/denomas.tgz`;
  await run(Deno.execPath(), [
    ...["pack", "--quiet", "--allow-dirty", "--allow-slow-types"],
    ...["--output", file],
  ], source);
  return file;
}

/** Installs a packed package for a program in `folder`. */
async function install(folder: string, file: string): Promise<void> {
  await Deno.writeTextFile(
    `${folder}/package.json`,
    JSON.stringify({ name: "app", private: true, type: "module" }),
  );
  const flags = ["--no-audit", "--no-fund", "--loglevel=error"];
  await run("npm", ["install", ...flags, file], folder);
  await Deno.copyFile(PROGRAM, `${folder}/client.mjs`);
}

const runtimes: Readonly<Record<string, NodeEnv>> = isLeftOut
  ? { Node: { missing: "paths of Windows" } }
  : { Node: await nodeEnv(), Bun: await bunEnv() };
const missing = Object.values(runtimes).flatMap((it) =>
  "missing" in it ? [it.missing] : []
);

Deno.test({
  name: "programs for Node and Bun call a server, from the packed package" +
    (missing.length === 0 ? "" : ` (left out: ${missing})`),
  ignore: missing.length > 0,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    await install(folder, await pack(folder));
    await using tcp = await startServer("tcp://127.0.0.1:0", calculator);
    await using unix = await startServer(
      `ipc://[${folder}/socket]`,
      calculator,
    );
    await using socket = await startServer("ws://127.0.0.1:0", calculator, {
      transports: [ws()],
    });
    await using echo = await startChannels(
      "tcp://127.0.0.1:0",
      async (channel) => {
        for await (const it of channel) await it.reply(it.content);
      },
    );
    const addresses = [echo.address, tcp.address, unix.address, socket.address];
    for (const [name, runtime] of Object.entries(runtimes)) {
      const command = "node" in runtime ? runtime.node : "";
      const output = await run(command, ["client.mjs", ...addresses], folder);
      const line = JSON.stringify([3, [1, 2, 3], 42]);
      assertEquals(
        output.trim().split("\n"),
        ["hello", line, line, line],
        name,
      );
    }
    await Deno.remove(folder, { recursive: true });
  },
});

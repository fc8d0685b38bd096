// deno-lint-ignore-file no-import-prefix -- only this test needs esbuild
import { assertEquals, assertMatch } from "@std/assert";
import { fastMsgpack } from "../../channel/codecs/msgpack/fast/fast_msgpack.ts";
import { type NodeEnv, nodeEnv } from "../../dev/checks/node_env.ts";
import { startServer } from "../deno.ts";
import { ServiceError } from "../errors.ts";
import { service } from "../service/service.ts";

const calculator = service({
  add: (a: number, b: number) => a + b,
  echo: <T>(value: T): T => value,
  twice: async (f: (n: number) => number, n: number) => await f(n),
  count: async function* (end: number) {
    for (let n = 1; n <= end; n++) yield await Promise.resolve(n);
  },
  total: async (items: AsyncIterable<number>) => {
    let sum = 0;
    for await (const item of items) sum += item;
    return sum;
  },
  fail: (message: string): Promise<void> => {
    throw new ServiceError(message, { code: "failed" });
  },
});

/** The service that `node_client.ts` calls. */
export type Calculator = typeof calculator;

/**
 * Bundles the modules of an entry into one script. esbuild runs as a program,
 * because the service that its module starts would outlive the test.
 */
async function bundle(
  entry: string,
  options: { platform: "node" | "browser"; target: string },
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-lock", "npm:esbuild@0.25.12"],
      decodeURI(new URL(entry, import.meta.url).pathname),
      ...["--bundle", "--format=esm", "--log-level=error"],
      ...Object.entries(options).map(([name, value]) => `--${name}=${value}`),
    ],
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(decoder.decode(stderr));
  return decoder.decode(stdout);
}

const isLeftOut = Deno.build.os === "windows";

/** Returns the reason why npm packages are unavailable, or `null`. */
async function missingNpm(): Promise<string | null> {
  try {
    await import("npm:esbuild@0.25.12");
    return null;
  } catch (error) {
    return (error as Error).message.split("\n")[0]!;
  }
}

const noNpm = isLeftOut ? "paths of Windows" : await missingNpm();
const node: NodeEnv = noNpm === null ? await nodeEnv() : { missing: noNpm };

Deno.test({
  name: "the bundle for browsers uses no API of Deno or Node" +
    (noNpm === null ? "" : ` (left out: ${noNpm})`),
  ignore: noNpm !== null,
  fn: async () => {
    const code = await bundle("../fixtures/browser_client.ts", {
      platform: "browser",
      target: "esnext",
    });
    assertMatch(code, /openReconnecting/);
    const apis = /\bDeno\b|["']node:|\busing [\w$]+ =|\bprocess\.|\bBuffer\b/;
    const found = apis.exec(code);
    assertEquals(found && code.slice(found.index - 80, found.index + 80), null);
  },
});

Deno.test({
  name: "the bundled RPC client runs in Node over a transport of its own" +
    ("node" in node ? "" : ` (left out: ${node.missing})`),
  ignore: !("node" in node),
  fn: async () => {
    const code = await bundle("../fixtures/node_client.ts", {
      platform: "node",
      target: "node22",
    });
    const file = await Deno.makeTempFile({ suffix: ".mjs" });
    await Deno.writeTextFile(file, code);
    const any = "tcp://127.0.0.1:0";
    await using json = await startServer(any, calculator);
    await using msgpack = await startServer(any, calculator, {
      codec: fastMsgpack(),
    });
    const { stdout, stderr } = await new Deno.Command(
      "node" in node ? node.node : "",
      { args: [file, json.address, msgpack.address], stdin: "null" },
    ).output();
    await Deno.remove(file);
    const decoder = new TextDecoder();
    assertEquals(decoder.decode(stderr), "");
    assertEquals(JSON.parse(decoder.decode(stdout)), {
      sum: 3,
      large: 300_000,
      callback: 42,
      down: [1, 2, 3],
      up: 5_050,
      failure: ["RemoteError", "no"],
      bytes: [1, 2, 3],
    });
  },
});

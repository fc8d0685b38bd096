import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { openConnection, startServer } from "../../channel/deno.ts";
import { importMapFlags } from "../../dev/checks/import_map_flags.ts";
import { FakeMosaik } from "./fixtures/fake_mosaik.ts";

const PROGRAM = fileURLToPath(new URL("fixtures/program.ts", import.meta.url));

function start(...args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-lock", ...importMapFlags(), PROGRAM, ...args],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Returns the exit code and the output of a program. */
async function end(
  child: Deno.ChildProcess,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

/** Reads until the text matches `pattern`. */
async function untilMatch(
  reader: ReadableStreamDefaultReader<string>,
  pattern: RegExp,
): Promise<RegExpExecArray> {
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`The program ended with: ${text}`);
    const match = pattern.exec(text += value);
    if (match !== null) return match;
  }
}

Deno.test("runSimulator shows help", async () => {
  const { code, stdout, stderr } = await end(start("--help"));
  assertEquals([code, stderr], [0, ""]);
  assertStringIncludes(stdout, "Simulators for tests.");
  assertStringIncludes(stdout, "--marker FILE");
});

Deno.test("runSimulator refuses a command line that it cannot read", async () => {
  const { code, stdout, stderr } = await end(start("--fast", "a:1"));
  assertEquals([code, stdout], [1, ""]);
  assertStringIncludes(stderr, "'--fast'");
  assertStringIncludes(stderr, "Usage");
});

Deno.test("runSimulator says that mosaik is not there", async () => {
  const server = await startServer("tcp://127.0.0.1:0", () => {});
  const place = server.address.slice("tcp://".length);
  await server.close();
  const { code, stderr } = await end(start(place));
  assertEquals(code, 1);
  assertStringIncludes(stderr, "critical: ConnectError");
});

Deno.test("runSimulator says that mosaik did not come", async () => {
  const { code, stderr } = await end(start("-r", "-t", "0", "127.0.0.1:0"));
  assertEquals(code, 1);
  assertStringIncludes(stderr, "info: waits for mosaik");
  assertStringIncludes(stderr, "error: mosaik did not connect within 0 ms");
});

Deno.test("runSimulator connects, tells of all calls, and ends with mosaik", async () => {
  const called = Promise.withResolvers<unknown>();
  await using server = await startServer(
    "tcp://127.0.0.1:0",
    async (channel) => {
      const mosaik = new FakeMosaik(channel);
      await mosaik.init({ step_size: 7 });
      called.resolve(await mosaik.step(1));
      await mosaik.stop();
    },
  );
  const place = server.address.slice("tcp://".length);
  const { code, stdout, stderr } = await end(start(place, "-l", "trace"));
  assertEquals([code, stdout, await called.promise], [0, "", 8]);
  const lines = stderr.trimEnd().split("\n");
  // The first call may arrive before the program continues.
  const connected = `info: connected to mosaik at ${server.address}`;
  assert(lines.includes(connected));
  assertEquals(lines.filter((line) => line !== connected), [
    `debug: connects to mosaik at ${server.address}`,
    "debug: mosaik calls 'init'",
    'trace: its arguments are ["Sim-0"]',
    "debug: mosaik calls 'step'",
    "trace: its arguments are [1,{},100]",
    "info: mosaik stopped the simulator",
  ]);
});

Deno.test("runSimulator fails if mosaik is gone without a word", async () => {
  await using server = await startServer(
    "tcp://127.0.0.1:0",
    (channel) => channel.close(),
  );
  const place = server.address.slice("tcp://".length);
  const { code, stderr } = await end(start(place, "-l", "error"));
  assertEquals(code, 1);
  assertStringIncludes(
    stderr,
    "error: mosaik closed the connection without a 'stop'",
  );
});

Deno.test({
  name: "runSimulator stops in good order when it is asked to end",
  // On Windows, a program is not notified when it is ended.
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const marker = await Deno.makeTempFile();
    const child = start("--remote", "127.0.0.1:0", "--marker", marker);
    const stderr = child.stderr.pipeThrough(new TextDecoderStream())
      .getReader();
    const [, address = ""] = await untilMatch(stderr, /at (tcp:\S+)\n/);
    const channel = await openConnection(address);
    await new FakeMosaik(channel).init();
    child.kill("SIGTERM");
    await channel.closed;
    assertEquals((await child.status).code, 0);
    await Promise.all([child.stdout.cancel(), stderr.cancel()]);
    assertEquals(await Deno.readTextFile(marker), "stopped\n");
    await Deno.remove(marker);
  },
});

Deno.test({
  name: "runSimulator ends when it is asked to, though 'configure' goes on",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const child = start("--remote", "127.0.0.1:0", "--kind", "waiting");
    const stderr = child.stderr.pipeThrough(new TextDecoderStream())
      .getReader();
    await untilMatch(stderr, /configure waits/);
    child.kill("SIGTERM");
    assertEquals((await child.status).code, 0);
    await Promise.all([child.stdout.cancel(), stderr.cancel()]);
  },
});

Deno.test("runSimulator escapes what mosaik sends in its log", async () => {
  await using server = await startServer(
    "tcp://127.0.0.1:0",
    async (channel) => {
      const mosaik = new FakeMosaik(channel);
      const name = "\u001b[2J\ncritical: forged";
      await mosaik.call(name, ["\u2028", "\u001b"]).catch(() => {});
      await mosaik.stop();
    },
  );
  const place = server.address.slice("tcp://".length);
  const { stderr } = await end(start(place, "-l", "trace"));
  const lines = stderr.trimEnd().split("\n");
  assertEquals(lines.filter((line) => !/ to mosaik at /.test(line)), [
    "debug: mosaik calls '\\u{1b}[2J\\ncritical: forged'",
    'trace: its arguments are ["\\u{2028}","\\u001b"]',
    "info: mosaik stopped the simulator",
  ]);
});

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { fileURLToPath } from "node:url";
import { importMapFlags } from "../tools/import_map_flags.ts";
import { makeTempFolder } from "./temp_folder.ts";

/** What is in the place of a part of the address. */
type Place = Readonly<Record<string, string>>;

const README = new URL("../README.md", import.meta.url);

/** The flags that the table of the README names, for a scheme. */
async function flagsFor(
  scheme: string,
): Promise<{ server: string[]; client: string[] }> {
  const rows = (await Deno.readTextFile(README)).split("\n");
  const row = rows.find((it) => it.startsWith(`| \`${scheme}://`));
  const [, , server, client] = row!.split("|").map((cell) => cell.trim());
  return { server: flagsIn(server!), client: flagsIn(client!) };
}

function flagsIn(cell: string): string[] {
  if (cell === "none") return [];
  assert(/^`[^`]+`$/.test(cell), `no flags in '${cell}'`);
  return cell.slice(1, -1).split(" ");
}

function put(flags: readonly string[], place: Place): string[] {
  return flags.map((flag) =>
    Object.entries(place).reduce(
      (text, [name, value]) => text.replaceAll(name, value),
      flag,
    )
  );
}

/** Each flag, with those that are left without it. */
function withoutEach(
  flags: readonly string[],
): [flag: string, left: string[]][] {
  return flags.map((flag) => [flag, flags.filter((it) => it !== flag)]);
}

function run(
  file: string,
  flags: readonly string[],
  args: readonly string[],
): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", ...importMapFlags(), ...flags],
      fileURLToPath(new URL(file, import.meta.url)),
      ...args,
    ],
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Runs to the end; its standard input has ended at once. */
async function outcome(
  child: Deno.ChildProcess,
): Promise<{ success: boolean; errors: string; output: string }> {
  // It may have ended, and its input with it.
  await child.stdin.close().catch(() => {});
  const { success, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { success, errors: text(stderr), output: text(stdout) };
}

async function assertRefused(
  child: Deno.ChildProcess,
  flag: string,
): Promise<void> {
  const { success, errors } = await outcome(child);
  assertEquals(success, false, `it does without '${flag}'`);
  assertStringIncludes(errors, "NotCapable", `without '${flag}'`);
}

const server = (flags: readonly string[], address: string) =>
  run("greeting/server.ts", flags, [address, "json", "--until-stdin-ends"]);

const client = (flags: readonly string[], address: string) =>
  run("greeting/client.ts", flags, [address, "json"]);

/** Serves with `flags` until it is disposed of; tells the real address. */
async function serving(
  flags: readonly string[],
  address: string,
): Promise<{ address: string } & AsyncDisposable> {
  const child = server(flags, address);
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let line = "";
  for (;;) {
    const { value, done } = await reader.read();
    line += value ?? "";
    if (done || line.endsWith("\n")) break;
  }
  return {
    address: line.trim(),
    async [Symbol.asyncDispose]() {
      await child.stdin.close().catch(() => {});
      await reader.cancel();
      await child.stderr.cancel();
      await child.status;
    },
  };
}

/** Asserts that the flags of the README are enough, and none too many. */
async function assertLeast(
  scheme: string,
  address: string,
  place: Place,
  placeOf: (address: string) => Place,
): Promise<void> {
  const flags = await flagsFor(scheme);
  const serverFlags = put(flags.server, place);
  for (const [flag, left] of withoutEach(serverFlags)) {
    await assertRefused(server(left, address), flag);
  }
  await using served = await serving(serverFlags, address);
  const clientFlags = put(flags.client, placeOf(served.address));
  for (const [flag, left] of withoutEach(clientFlags)) {
    await assertRefused(client(left, served.address), flag);
  }
  const { success, errors } = await outcome(
    client(clientFlags, served.address),
  );
  assert(success, errors);
}

Deno.test("Over TCP the README names the least permissions", async () => {
  const placeOf = (address: string) => {
    const [HOST = "", PORT = ""] = address.slice("tcp://".length).split(":");
    return { HOST, PORT };
  };
  const address = "tcp://127.0.0.1:0";
  await assertLeast("tcp", address, placeOf(address), placeOf);
});

Deno.test({
  name: "Over a Unix socket the README names the least permissions",
  // There are none there.
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using folder = await makeTempFolder("permissions-");
    const place = { "/FOLDER": folder.path, NAME: "greeting.sock" };
    const address = `ipc://[${join(folder.path, place.NAME)}]`;
    await assertLeast("ipc", address, place, () => place);
  },
});

Deno.test("In memory the README names no permissions", async () => {
  assertEquals(await flagsFor("local"), { server: [], client: [] });
  const { success, errors } = await outcome(
    run("fixtures/local_greeting.ts", [], []),
  );
  assert(success, errors);
});

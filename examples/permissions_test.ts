import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createTestAuthority } from "@denomas/denomas/testing";
import { join } from "@std/path";
import { fileURLToPath } from "node:url";
import { importMapFlags } from "../dev/checks/import_map_flags.ts";
import { makeTempFolder } from "./temp_folder.ts";

/** Replacements for placeholders of the guide. */
type Place = Readonly<Record<string, string>>;

const GUIDE = new URL("../docs/permissions.md", import.meta.url);

/**
 * Returns the flags in the row of the guide's table that begins with `start`.
 */
async function flagsFor(
  start: string,
): Promise<{ server: string[]; client: string[] }> {
  const rows = (await Deno.readTextFile(GUIDE)).split("\n");
  const row = rows.find((it) => it.startsWith(`| ${start}`));
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

/** Returns each flag and list item, with the flags that are left without it. */
function withoutEach(
  flags: readonly string[],
): [what: string, left: string[]][] {
  return flags.flatMap((flag) => {
    const others = flags.filter((it) => it !== flag);
    const [name, list = ""] = flag.split("=") as [string, string?];
    const items = list.split(",");
    if (items.length === 1) return [[flag, others]];
    return items.map((item): [string, string[]] => {
      const left = items.filter((it) => it !== item);
      return [`${name}=${item}`, [...others, `${name}=${left}`]];
    });
  });
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

/** Runs a program to its end, with an empty standard input. */
async function outcome(
  child: Deno.ChildProcess,
): Promise<{ success: boolean; errors: string; output: string }> {
  // The program, and with it its input, may have ended already.
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

type Start = (flags: readonly string[], address: string) => Deno.ChildProcess;

/** Describes how to start a server and a client, with the additional `args`. */
function pair(args: readonly string[]): { server: Start; client: Start } {
  return {
    server: (flags, address) =>
      run("greeting/server.ts", flags, [
        ...[address, "json", "--until-stdin-ends"],
        ...args,
      ]),
    client: (flags, address) =>
      run("greeting/client.ts", flags, [address, "json", ...args]),
  };
}

/** Serves until it is disposed of; resolves to the real address. */
async function serving(
  child: Deno.ChildProcess,
): Promise<{ address: string } & AsyncDisposable> {
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

/**
 * Asserts that the flags of the guide are sufficient, and all are necessary.
 */
async function assertLeast(
  row: string,
  address: string,
  placeOf: (address: string) => Place,
  args: readonly string[] = [],
): Promise<void> {
  const { server, client } = pair(args);
  const flags = await flagsFor(row);
  const serverFlags = put(flags.server, placeOf(address));
  for (const [flag, left] of withoutEach(serverFlags)) {
    await assertRefused(server(left, address), flag);
  }
  await using served = await serving(server(serverFlags, address));
  const clientFlags = put(flags.client, placeOf(served.address));
  for (const [flag, left] of withoutEach(clientFlags)) {
    await assertRefused(client(left, served.address), flag);
  }
  const { success, errors } = await outcome(
    client(clientFlags, served.address),
  );
  assert(success, errors);
}

const LOOPBACK = "tcp://127.0.0.1:0";

function hostAndPort(address: string): Place {
  const [HOST = "", PORT = ""] = address.slice("tcp://".length).split(":");
  return { HOST, PORT };
}

Deno.test("Over TCP the guide names the least permissions", async () => {
  await assertLeast("`tcp://", LOOPBACK, hostAndPort);
});

/** Returns throw-away certificates for both sides, as text. */
async function pem(): Promise<Record<"cert" | "key" | "ca", string>> {
  const authority = await createTestAuthority();
  return { ...await authority.issue(), ca: authority.caCert };
}

function flagsOf(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).map(([name, value]) => `--${name}=${value}`);
}

Deno.test("Over TLS with PEM text the guide names the least permissions", async () => {
  const args = flagsOf(await pem());
  await assertLeast("the same, `tls` of text", LOOPBACK, hostAndPort, args);
});

Deno.test("Over TLS with files the guide names the least permissions", async () => {
  await using folder = await makeTempFolder("permissions-");
  const files: Record<string, string> = {};
  for (const [name, text] of Object.entries(await pem())) {
    files[name] = join(folder.path, `${name}.pem`);
    await Deno.writeTextFile(files[name], text);
  }
  const { cert = "", key = "", ca = "" } = files;
  const placeOf = (address: string) => ({
    ...hostAndPort(address),
    ...{ "/CERT": cert, "/KEY": key, "/CA": ca },
  });
  const args = flagsOf(files);
  await assertLeast("the same, `tls` of files", LOOPBACK, placeOf, args);
});

Deno.test({
  name: "Over a Unix socket the guide names the least permissions",
  // Deno has no Unix sockets on Windows.
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using folder = await makeTempFolder("permissions-");
    const place = { "/FOLDER": folder.path, NAME: "greeting.sock" };
    const address = `ipc://[${join(folder.path, place.NAME)}]`;
    await assertLeast("`ipc://", address, () => place);
  },
});

Deno.test("In memory the guide names no permissions", async () => {
  assertEquals(await flagsFor("`local://"), { server: [], client: [] });
  const { success, errors } = await outcome(
    run("fixtures/local_greeting.ts", [], []),
  );
  assert(success, errors);
});

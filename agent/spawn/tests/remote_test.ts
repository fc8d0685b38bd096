import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { importMapFlags } from "../../../dev/checks/import_map_flags.ts";
import { fixture, KINDS } from "../../fixtures/spawning.ts";

const ROOT = new URL("../../../", import.meta.url);
const STD = ["", "/from-file-url", "/is-absolute", "/to-file-url"]
  .map((part) => `@std/path${part}`);

/**
 * The flags with which a program elsewhere finds the imports of this package.
 */
const FLAGS = [
  `--config=${fromFileUrl(new URL("deno.json", ROOT))}`,
  ...importMapFlags(),
];

/** Serves the files of this package, like a registry. */
function serveFiles(): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen() {},
  }, async (request) => {
    const { pathname } = new URL(request.url);
    const body = await Deno.readFile(new URL(`.${pathname}`, ROOT));
    return new Response(body, {
      headers: { "content-type": "application/typescript" },
    });
  });
}

/**
 * Makes a folder for Deno with the npm packages of this project, but without
 * anything from the server of a test.
 */
async function makeDenoDir(folder: string): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json"],
  }).output();
  const { denoDir } = JSON.parse(new TextDecoder().decode(stdout));
  await Deno.mkdir(join(folder, "remote"), { recursive: true });
  for (const name of ["npm", "remote/https"]) {
    await Deno.symlink(join(denoDir, name), join(folder, name));
  }
  return folder;
}

Deno.test({
  name:
    "a library from a registry spawns with the app's configuration, offline",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const app = await Deno.realPath(
      await Deno.makeTempDir({ prefix: "spawn-remote-" }),
    );
    const server = serveFiles();
    try {
      const DENO_DIR = await makeDenoDir(join(app, ".deno"));
      const root = `http://127.0.0.1:${server.addr.port}/`;
      const config = {
        imports: Object.fromEntries(
          STD.map((name) => [name, import.meta.resolve(name)]),
        ),
      };
      await Deno.writeTextFile(join(app, "deno.json"), JSON.stringify(config));
      const main = join(app, "main.ts");
      await Deno.writeTextFile(
        main,
        `import { greetFrom } from "${root}agent/fixtures/spawning_library.ts";
        const permissions = { import: ["127.0.0.1"], read: true };
        const [kind, ...flags] = Deno.args;
        const options = kind === "process" ? { permissions, flags } : {};
        console.log(await greetFrom(kind, options));`,
      );
      const run = async (...args: string[]) => {
        const output = await new Deno.Command(Deno.execPath(), {
          args,
          env: { DENO_DIR, NO_COLOR: "1" },
          cwd: "/",
        }).output();
        const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
        return {
          code: output.code,
          stdout: text(output.stdout),
          stderr: text(output.stderr),
        };
      };
      const cached = await run("cache", "--allow-import=127.0.0.1", main);
      assertEquals(cached.code, 0, cached.stderr);
      await server.shutdown();
      for (const kind of KINDS) {
        const { stdout, stderr } = await run(
          "run",
          "-A",
          "--cached-only",
          main,
          kind,
          "--cached-only",
        );
        assertEquals(stdout, `${join("greetings", "http")}\n`, stderr);
      }
    } finally {
      await server.shutdown().catch(() => {});
      await Deno.remove(app, { recursive: true });
    }
  },
});

Deno.test("the module graph of agents holds the files that a child runs", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", fromFileUrl(new URL("agent/mod.ts", ROOT))],
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout));
  const specifiers = modules.map((it: { specifier: string }) => it.specifier);
  for (const name of ["_process.ts", "_worker.ts"]) {
    const file = new URL(`agent/spawn/child/${name}`, ROOT).href;
    assert(specifiers.includes(file), file);
  }
});

Deno.test("a process says which configuration it may not read", async () => {
  const script = `
    import { greetFrom } from ${JSON.stringify(fixture("spawning_library.ts"))};
    await greetFrom("process").catch(({ message }) => console.log(message));`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-net",
      "--allow-run",
      "--allow-env",
      ...FLAGS,
      `data:text/javascript,${encodeURIComponent(script)}`,
    ],
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert(/may not read '.*deno\.json'/.test(text), text);
});

Deno.test("a bundled program says that it cannot spawn", async () => {
  const folder = await Deno.makeTempDir({ prefix: "spawn-bundle-" });
  try {
    const main = join(folder, "main.ts");
    const library = JSON.stringify(fixture("spawning_library.ts"));
    await Deno.writeTextFile(
      main,
      `import { greetFrom } from ${library};
      for (const kind of ["process", "worker"]) {
        await greetFrom(kind).catch(({ message }) => console.log(message));
      }`,
    );
    const bundle = join(folder, "bundle.js");
    const run = async (...args: string[]) => {
      const command = new Deno.Command(Deno.execPath(), { args });
      const { success, stdout, stderr } = await command.output();
      assert(success, new TextDecoder().decode(stderr));
      return new TextDecoder().decode(stdout);
    };
    await run("bundle", ...FLAGS, "-o", bundle, main);
    const lines = (await run("run", "-A", bundle)).trim().split("\n");
    assertEquals(lines.length, 2);
    for (const line of lines) assert(line.includes("was bundled"), line);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

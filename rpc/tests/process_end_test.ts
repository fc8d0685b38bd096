import { assert, assertEquals } from "@std/assert";
import { importMapFlags } from "../../dev/checks/import_map_flags.ts";

/** Runs a module, and returns its output and its duration. */
async function run(source: string): Promise<{ out: string; ms: number }> {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, source);
    const start = performance.now();
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", ...importMapFlags(), file],
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    assertEquals(decoder.decode(stderr), "");
    return { out: decoder.decode(stdout), ms: performance.now() - start };
  } finally {
    await Deno.remove(file);
  }
}

const RPC = new URL("../mod.ts", import.meta.url);

for (const unref of ["server.unref(); client.unref();", ""]) {
  const verb = unref === "" ? "keeps" : "does not keep";
  Deno.test(`a pending call of a client ${verb} the process alive${unref && " once it is unref'd"}`, async () => {
    const { out, ms } = await run(`
      import { openConnection, service, startServer } from "${RPC}";
      const slow = service({ never: () => new Promise(() => {}) });
      const server = await startServer("tcp://127.0.0.1:0", slow);
      const client = await openConnection(server.address, { timeoutMs: 1_500 });
      ${unref}
      client.remote.never().catch(async ({ name }) => {
        console.log(name);
        await client.close();
        await server.close();
      });
    `);
    assertEquals(out, unref === "" ? "TimeoutError\n" : "");
    if (unref === "") assert(ms >= 1_400);
  });
}

import { assert, assertEquals, assertMatch } from "@std/assert";
import { importMapFlags } from "../../dev/checks/import_map_flags.ts";

const SCRIPT = new URL("./fixtures/traced_process.ts", import.meta.url).href;

/**
 * Runs one side with Deno's OpenTelemetry integration; resolves to its output.
 */
async function run(role: string, address: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-lock",
      ...importMapFlags(),
      SCRIPT,
      role,
      address,
    ],
    env: {
      OTEL_DENO: "true",
      OTEL_DENO_CONSOLE: "ignore",
      OTEL_EXPORTER_OTLP_PROTOCOL: "console",
      NO_COLOR: "1",
    },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  const text = decoder.decode(stdout) + decoder.decode(stderr);
  assert(success, text);
  return text;
}

/** Returns the ids and the lines that Deno prints for a span. */
function spanIn(text: string, name: string) {
  const [, trace, id, lines] = new RegExp(
    `^SPAN ${name} \\[(\\w+)/(\\w+)\\]((?:.|\\n {2,})*)`,
    "m",
  ).exec(text) ?? [];
  assert(lines !== undefined, `no span '${name}' in:\n${text}`);
  return { trace, id, lines, parent: /parent: (\w+)/.exec(lines)?.[1] };
}

Deno.test("openTelemetry() and Deno's own join the spans of two processes", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const address = `ipc://[${folder}/s]`;
    const [served, made] = await Promise.all([
      run("server", address),
      run("client", address),
    ]);
    for (const name of ["add", "fail"]) {
      const [client, server] = [spanIn(made, name), spanIn(served, name)];
      assertEquals([server.trace, server.parent], [client.trace, client.id]);
      assertMatch(client.lines, /Client/);
      assertMatch(server.lines, /Server/);
    }
    assertMatch(spanIn(made, "fail").lines, /status: Error/);
    assertMatch(spanIn(served, "fail").lines, /exception.type: RangeError/);
    assertMatch(made, /rpc\.client\.call\.duration/);
    assertMatch(served, /rpc\.server\.call\.duration/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

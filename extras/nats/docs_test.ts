import { assertEquals } from "@std/assert";
import { connect } from "@nats-io/transport-node";
import { testWithPython } from "../../dev/checks/fixtures/test_with_python.ts";
import { importMapFlags } from "../../dev/checks/import_map_flags.ts";
import { service } from "../../rpc/service/service.ts";
import { missingNats, NatsServer, testWithNats } from "./fixtures/server.ts";
import { serveOnNats } from "./serve.ts";

const ROOT = new URL("../../", import.meta.url);

/**
 * Returns the programs of a guide that need a NATS server, adapted to the one
 * at `url`. Other programs run with all examples.
 */
async function programs(
  guide: string,
  language: "py" | "ts ignore",
  url: string,
): Promise<string[]> {
  const text = await Deno.readTextFile(new URL(`docs/${guide}`, ROOT));
  const blocks = [...text.matchAll(/^```([^\n]+)\n(.*?)^```$/gms)];
  return blocks
    .filter(([, found]) => found === language)
    .map(([, , code]) => code!.replaceAll("nats://127.0.0.1:4222", url));
}

/** Runs a program and returns its output. */
async function run(command: string, args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args,
    cwd: ROOT,
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  assertEquals([success, decoder.decode(stderr)], [true, ""]);
  return decoder.decode(stdout);
}

for (
  const [guide, count, config] of [
    ["nats.md", 3, ""],
    ["cluster.md", 1, "authorization { token: s3cret }"],
  ] as const
) {
  testWithNats(`the programs of ${guide} run`, async ({ url }) => {
    const found = await programs(guide, "ts ignore", url);
    assertEquals(found.length, count);
    const flags = ["--quiet", "--no-lock", ...importMapFlags()];
    await Promise.all(found.map(async (code) => {
      // Resources that the programs leave open do not matter here.
      const program = `${code}\nDeno.exit();\n`;
      await run(Deno.execPath(), ["eval", ...flags, program]);
    }));
  }, { config, minor: 11 });
}

if (missingNats === null) {
  testWithPython(
    "the Python of the guide finds a service and calls it",
    async (python) => {
      await using server = await NatsServer.start();
      const nats = await connect({ servers: server.url });
      try {
        const greeter = service({ greet: (name: string) => `Hello, ${name}` });
        await using _served = await serveOnNats(nats, greeter, {
          name: "greeter",
          version: "1.0.0",
        });
        const [program] = await programs("nats.md", "py", server.url);
        assertEquals(
          await run(python, ["-c", program!]),
          "greeter ['greeter.greet']\nHello, Ada\n",
        );
        assertEquals(program!.trim().split("\n").length <= 15, true);
      } finally {
        await nats.close();
      }
    },
  );
} else {
  Deno.test.ignore(
    `the Python of the guide finds a service and calls it (left out: ${missingNats})`,
    () => {},
  );
}

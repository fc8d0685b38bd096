import { assertEquals } from "@std/assert";
import { importMapFlags } from "./import_map_flags.ts";
import { ROOT } from "./_project.ts";

/** Returns the code blocks of a guide in one language, in their order. */
function blocksOf(text: string, language: string): string[] {
  const blocks = text.matchAll(/^```(\w+)\n(.*?)^```$/gms);
  return [...blocks].filter((it) => it[1] === language).map((it) => it[2]!);
}

/** Returns a command that runs `file` of the guide, as a user would. */
function program(file: string, address: string): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-check",
      "--allow-net",
      ...importMapFlags(),
      `--config=${ROOT}/deno.json`,
      file,
      address,
    ],
    stdout: "piped",
  });
}

Deno.test("The first service of the guide runs as two processes", async () => {
  const text = await Deno.readTextFile(`${ROOT}/docs/first_service.md`);
  const [service = "", client = ""] = blocksOf(text, "ts");
  const consoles = blocksOf(text, "console");
  const file = await Deno.readTextFile(`${ROOT}/docs/greeter/service.ts`);
  assertEquals(service, file.slice(file.indexOf("\n") + 1));

  const folder = await Deno.makeTempDir();
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => Deno.remove(folder, { recursive: true }));
  await Deno.writeTextFile(`${folder}/client.ts`, client);
  await using server = program(
    `${ROOT}/docs/greeter/service.ts`,
    "tcp://127.0.0.1:0",
  ).spawn();
  const reader = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let line = "";
  while (!line.endsWith("\n")) line += (await reader.read()).value ?? "\n";
  await reader.cancel();
  const address = line.trim().replace("Listening at ", "");
  assertEquals(
    consoles[0],
    `$ deno run --allow-net greeter/service.ts\n${
      line.replace(/\d+\n/, "5151\n")
    }`,
  );

  const { stdout } = await program(`${folder}/client.ts`, address).output();
  assertEquals(
    consoles[1],
    `$ deno run --allow-net client.ts\n${new TextDecoder().decode(stdout)}`,
  );
});

import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  checkOptionNames,
  helpText,
  type OptionTable,
  parseCommandLine,
} from "./_parse_command_line.ts";

const own: OptionTable = {
  file: { value: "FILE", description: "Where to", short: "f" },
  size: { value: "N", description: "How many", default: "3" },
  quick: { description: "Whether to hurry" },
};

Deno.test("parseCommandLine reads what mosaik's simulators take", () => {
  assertEquals(parseCommandLine(["127.0.0.1:5555"], {}), {
    kind: "run",
    commandLine: {
      address: "tcp://127.0.0.1:5555",
      remote: false,
      timeoutMs: 60_000,
      logLevel: "info",
      options: {},
    },
  });
  for (
    const args of [
      ["-r", "-l", "debug", "-t", "2.5", "localhost:0"],
      ["--log-level=debug", "localhost:0", "--timeout", "2.5", "--remote"],
    ]
  ) {
    assertEquals(parseCommandLine(args, {}), {
      kind: "run",
      commandLine: {
        address: "tcp://localhost:0",
        remote: true,
        timeoutMs: 2_500,
        logLevel: "debug",
        options: {},
      },
    });
  }
});

Deno.test("parseCommandLine reads options of the simulator's own", () => {
  const parsed = parseCommandLine(["-f", "x.csv", "--quick", "a:1"], own);
  assertEquals(
    parsed.kind === "run" && parsed.commandLine.options,
    { file: "x.csv", quick: true, size: "3" },
  );
  const bare = parseCommandLine(["a:1"], own);
  assertEquals(bare.kind === "run" && bare.commandLine.options, { size: "3" });
});

Deno.test("parseCommandLine asks for help before all else", () => {
  assertEquals(parseCommandLine(["-h"], own), { kind: "help" });
  assertEquals(parseCommandLine(["a:1", "--help"], own), { kind: "help" });
});

Deno.test("parseCommandLine refuses what it cannot read, and says why", () => {
  const refused: [string[], string][] = [
    [[], "HOST:PORT"],
    [["localhost"], "'localhost'"],
    [["localhost:99999"], "'localhost:99999'"],
    [["a:1", "b:2"], "'b:2'"],
    [["a:1", "--fast"], "'--fast'"],
    [["a:1", "-t", "soon"], "'soon'"],
    [["a:1", "-t", ""], "''"],
    [["a:1", "-t", "-1"], "-t"],
    [["a:1", "-l", "loud"], "'loud'"],
  ];
  for (const [args, why] of refused) {
    assertThrows(() => parseCommandLine(args, own), TypeError, why);
  }
});

Deno.test("checkOptionNames refuses names and letters that are taken", () => {
  checkOptionNames(own);
  const description = "";
  const refused: [OptionTable, string][] = [
    [{ remote: { description } }, "'--remote'"],
    [{ level: { description, short: "l" } }, "'-l'"],
    [
      { a: { description, short: "x" }, b: { description, short: "x" } },
      "'-x'",
    ],
  ];
  for (const [table, name] of refused) {
    assertThrows(() => checkOptionNames(table), TypeError, name);
  }
});

Deno.test("helpText tells of all options", () => {
  const text = helpText("A wind park.", own);
  for (
    const part of [
      "A wind park.\n",
      "HOST:PORT ",
      "-h, --help ",
      "-r, --remote ",
      "-l LEVEL, --log-level LEVEL ",
      "-t SECONDS, --timeout SECONDS ",
      "[default: 60]",
      "-f FILE, --file FILE ",
      "How many [default: 3]",
    ]
  ) assertStringIncludes(text, part);
});

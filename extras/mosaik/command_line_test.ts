import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { HELP, type OptionTable, parseCommandLine } from "./command_line.ts";

const own: OptionTable = {
  file: { type: "string", short: "f" },
  size: { type: "string", default: "3" },
  quick: { type: "boolean" },
  tag: { type: "string", multiple: true },
};

Deno.test("parseCommandLine reads what mosaik's simulators take", () => {
  assertEquals(parseCommandLine(["127.0.0.1:5555"], {}), {
    address: "tcp://127.0.0.1:5555",
    remote: false,
    timeoutMs: 60_000,
    logLevel: "info",
    options: {},
  });
  for (
    const args of [
      ["-r", "-l", "debug", "-t", "2.5", "localhost:0"],
      ["--log-level=debug", "localhost:0", "--timeout", "2.5", "--remote"],
    ]
  ) {
    assertEquals(parseCommandLine(args, {}), {
      address: "tcp://localhost:0",
      remote: true,
      timeoutMs: 2_500,
      logLevel: "debug",
      options: {},
    });
  }
});

Deno.test("parseCommandLine reads options of the simulator's own", () => {
  const optionsOf = (...args: string[]) =>
    parseCommandLine(["a:1", ...args], own)?.options;
  assertEquals(optionsOf("-f", "x.csv", "--quick"), {
    file: "x.csv",
    quick: true,
    size: "3",
  });
  assertEquals(optionsOf("--tag", "a", "--tag", "b"), {
    tag: ["a", "b"],
    size: "3",
  });
  assertEquals(optionsOf(), { size: "3" });
});

Deno.test("parseCommandLine lets no option take the place of mosaik's", () => {
  const taking: OptionTable = { timeout: { type: "boolean", short: "r" } };
  const read = parseCommandLine(["-r", "-t", "1", "a:1"], taking);
  assertEquals([read?.remote, read?.timeoutMs], [true, 1_000]);
});

Deno.test("parseCommandLine asks for help before all else", () => {
  assertEquals(parseCommandLine(["-h"], own), null);
  assertEquals(parseCommandLine(["a:1", "--help"], own), null);
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

Deno.test("HELP tells of all options that simulators have", () => {
  for (
    const part of [
      "HOST:PORT ",
      "-h, --help ",
      "-r, --remote ",
      "-l LEVEL, --log-level LEVEL ",
      "trace, debug, info, warning, error, critical",
      "-t SECONDS, --timeout SECONDS ",
      "[default: 60]",
    ]
  ) assertStringIncludes(HELP, part);
});

import {
  assertEquals,
  assertMatch,
  assertNotMatch,
  assertStringIncludes,
} from "@std/assert";
import { runFixtures } from "../fixtures/run.ts";

// Tests each way in which a test can fail from outside: the report of
// `deno test` must blame the right step, with the right words.

const { results, output } = await runFixtures(
  [
    "leaks.ts",
    "rpc_leaks.ts",
    "agent_leaks.ts",
    "failures.ts",
    "spins.ts",
    "only.ts",
    "options.ts",
    "outside.ts",
  ],
  { DENOMAS_TRACE: "1", DENOMAS_SEED: "42" },
);

/** The outcomes of a test's steps, by name. */
function stepsOf(test: string): Record<string, string> {
  const prefix = `${test} > `;
  return Object.fromEntries(
    [...results].filter(([name]) => name.startsWith(prefix)).map((
      [name, outcome],
    ) => [name.slice(prefix.length), outcome]),
  );
}

/** The failure of a step. */
function failureOf(test: string, step = "memory"): string {
  const failure = stepsOf(test)[step] ?? "missing";
  assertNotMatch(failure, /^(missing|passed|skipped)$/);
  return failure;
}

const LEAKS = {
  "leaks a connection": /^ {2}connection \(local:\S+ to local:\S+\)$/m,
  "leaks a listener": /^ {2}listener \(local:\S+\)$/m,
  "leaks a call": /^ {2}pending call 0 "unanswered" of channel \(local:/m,
  "leaks a call of a method":
    /^ {2}pending call 2 of 'never' \[\] of channel \(local:/m,
  "leaks a stream not begun":
    /leaked 1 thing\n.*\n {2}open stream from 'three' \(.*\) of channel \(local:/,
  "leaks a kept reference":
    /leaked 1 thing\n.*\n {2}kept reference passed to 'subscribe' \(.*\) of channel/,
  "leaks a timer": /^ {2}timer \(of the test\)$/m,
  "leaks a sleep":
    /leaked 1 thing\n.*\n {2}timer \(sleep until 5 s\) of clock \(external clock at 1 s\)\n(.*\n)*.*ExternalClock\.sleepUntil .*\n.*fixtures\/leaks\.ts:/,
  "leaks a callback of a clock":
    /leaked 1 thing\n.*\n {2}timer \(call at [\d.]+ s\) of clock \(system clock at [\d.]+ s\)/,
  "leaks a handler":
    /Left after clean-up:\n {2}handler \(.*\) of channel \(.*\) of server \(/,
};

for (const [test, leak] of Object.entries(LEAKS)) {
  Deno.test(`withCtx fails a test that ${test}`, () => {
    const failure = failureOf(test);
    assertStringIncludes(failure, "LeakError: Cannot end step 'memory'");
    assertMatch(failure, leak);
  });
}

for (
  const [step, scheme] of Object.entries({
    tcp: "tcp",
    unix: "ipc",
    memory: "local",
  })
) {
  if (step === "unix" && Deno.build.os === "windows") continue;
  Deno.test(`withCtx fails a test that leaks a channel or a server, on ${step}`, () => {
    const end = String.raw`${scheme}:\S+`;
    assertMatch(
      failureOf("leaks a channel", step),
      new RegExp(
        `step '${step}'.*\n.*\n  channel \\(${end} to ${end}\\), with 1 connection`,
      ),
    );
    assertMatch(
      failureOf("leaks a server", step),
      new RegExp(
        `step '${step}'.*\n.*\n  server \\(${end}\\), with 1 listener, 1 connection, 1 channel`,
      ),
    );
  });
}

for (const step of ["tcp", "unix", "memory"]) {
  if (step === "unix" && Deno.build.os === "windows") continue;
  Deno.test(`withCtx fails a test that leaks an RPC client or server, on ${step}`, () => {
    assertMatch(
      failureOf("leaks an RPC client", step),
      /leaked 1 thing\n.*\n {2}channel \(.*\), with 1 connection/,
    );
    assertMatch(
      failureOf("leaks an RPC server", step),
      /leaked 1 thing\n.*\n {2}server \(.*\), with 1 listener/,
    );
  });
}

for (
  const [step, scheme] of [["tcp", "tcp"], ["unix", "ipc"], ["memory", "local"]]
) {
  if (step === "unix" && Deno.build.os === "windows") continue;
  Deno.test(`withCtx fails a test that leaks a container with its agents, on ${step}`, () => {
    assertMatch(
      failureOf("leaks a container", step),
      new RegExp(
        `leaked 1 thing\\n.*\\n {2}container \\(${scheme}:\\S+\\), with 1 listener, 1 server, agent \\(Watcher\\('${scheme}:\\S+/0'\\)\\)$`,
        "m",
      ),
    );
  });
}

for (const step of ["tcp", "unix", "memory"]) {
  if (step === "unix" && Deno.build.os === "windows") continue;
  Deno.test(`withCtx fails a test that leaks a node and its engine, which own the rest, on ${step}`, () => {
    assertMatch(
      failureOf("leaks a node", step),
      /leaked 2 things\n.*\n {2}engine \(local:\S+\), with .*1 container, .*\n( {4}.*\n)* {2}node \('a' of cluster 'market'\), with .*1 container, /,
    );
  });
}

Deno.test("withCtx counts the connections of a leaked container", () => {
  assertMatch(
    failureOf("leaks a connection of a container"),
    /leaked 1 thing\n.*\n {2}container \(local:\S+\), with .*1 connection, 1 channel/,
  );
});

Deno.test("withCtx lists containers and agents when a body's time is up", () => {
  const failure = failureOf("hangs with an agent");
  assertMatch(failure, /^StepTimeoutError: /);
  assertMatch(
    failure,
    /^ {2}container \(local:\S+\), with .*agent \(Watcher\(/m,
  );
});

Deno.test("withCtx tells how to run the clock when the test does not", () => {
  assertMatch(
    failureOf("forgets to run the clock"),
    /^ {2}timer \(sleep until 10 s\) \(run the clock with 'ctx\.fastForward', .*\) of clock \(external clock at 0 s\)$/m,
  );
});

Deno.test("withCtx fails a test whose agent's task throws", () => {
  const failure = failureOf("has an agent that fails");
  assertMatch(failure, /^StepError: .*step 'memory'/);
  assertStringIncludes(failure, "RangeError: boom");
  assertEquals(stepsOf("closes what it makes"), { memory: "passed" });
});

Deno.test("withCtx tells what RPC has under way when a body's time is up", () => {
  const failure = failureOf("hangs in a method");
  assertMatch(failure, /^StepTimeoutError: /);
  assertMatch(failure, /^ {2}pending call 1 of 'never' \[/m);
  assertMatch(
    failure,
    /^ {2}running method 'never' \(let it end .*\) of channel .*\n(.*\n)*.*rpc_leaks\.ts:\d+/m,
  );
});

for (const step of ["memory · json", "memory · msgpack"]) {
  Deno.test(`withCtx traces an open stream to the call that asked for it, on ${step}`, () => {
    const failure = failureOf("leaks a stream", step);
    assertMatch(
      failure,
      /leaked 1 thing\n.*\n {2}open stream from 'slow' \(.*\) of channel \(local:/,
    );
    assertMatch(failure, /fixtures\/rpc_leaks\.ts:\d+:\d+\n {4}at file/);
  });
}

Deno.test({
  name: "withCtx blames the step that leaked, not the one after it",
  ignore: Deno.build.os === "windows",
  fn() {
    const { tcp, unix, memory } = stepsOf("leaks on unix only");
    assertEquals([tcp, memory], ["passed", "passed"]);
    assertStringIncludes(unix!, "LeakError: Cannot end step 'unix'");
  },
});

Deno.test({
  name: "withCtx fails a test that leaves a file where its sockets are",
  ignore: Deno.build.os === "windows",
  fn: () =>
    assertMatch(failureOf("leaks a file", "unix"), /^ {2}file \(.+\/1\)$/m),
});

Deno.test("withCtx leaves Deno's sanitizers on, which see what the package did not open", () => {
  assertStringIncludes(
    results.get("leaves a port open")!,
    "A TCP listener was opened during the test, but not closed",
  );
});

Deno.test("withCtx traces a leak to the line that made it, with DENOMAS_TRACE=1 or by option", () => {
  const traced = failureOf("leaks a channel");
  assertMatch(
    traced,
    /at async openConnection .*\n.*fixtures\/leaks\.ts:\d+:\d+/,
  );
  const untraced = failureOf("leaks untraced");
  assertStringIncludes(untraced, "Set DENOMAS_TRACE=1");
  assertNotMatch(untraced, /startServer/);
});

Deno.test("withCtx names the line of the test in a leak's report", () => {
  assertMatch(failureOf("leaks untraced"), /at file:.*\/leaks\.ts:\d+:\d+$/m);
});

for (
  const [test, code] of [
    ["leaks in a wrapped test", "inMemory("],
    ["leaks in a test of an imported wrapper", "withEverywhere("],
  ] as const
) {
  Deno.test(`withCtx blames the caller of a wrapper, where one ${test}`, async () => {
    const sites = failureOf(test).matchAll(/failures\.ts:(\d+):\d+$/gm);
    const [, line] = [...sites].at(-1)!;
    const file = new URL("../fixtures/failures.ts", import.meta.url);
    const lines = (await Deno.readTextFile(file)).split("\n");
    assertStringIncludes(lines[Number(line) - 1]!, `${code}"${test}"`);
  });
}

Deno.test("withCtx tells what a body whose time is up waits for, and where", () => {
  const failure = failureOf("hangs in a sleep");
  assertMatch(
    failure,
    /Waiting or running:\n {2}timer \(sleep until .* s\) of clock .* of container .*\n {4}at .*failures\.ts:\d+:\d+\)?\n {2}async function that waits\n {4}at .*failures\.ts:\d+:\d+\)?\nOpen:\n {2}container/,
  );
});

Deno.test({
  name:
    "withCtx fails a body that hangs with what is open, and skips the steps after it",
  ignore: Deno.build.os === "windows",
  fn() {
    const { tcp, unix, ...others } = stepsOf("hangs on unix");
    assertEquals(tcp, "passed");
    assertMatch(
      unix!,
      /^StepTimeoutError: .*step 'unix': .*longer than 1000 ms$/m,
    );
    assertMatch(unix!, /^ {2}server \(ipc:/m);
    assertEquals(others, {
      "memory (skipped: the body of 'unix' has not ended)": "skipped",
    });
  },
});

Deno.test("withCtx has Deno end a body that never yields, and the file goes on", () => {
  assertMatch(results.get("spins")!, /timed out after 3100ms/);
  assertEquals(results.get("a test after the spinning one passes"), "passed");
});

Deno.test("withCtx fails a test whose clean-up hangs or throws", () => {
  assertMatch(
    failureOf("hangs in clean-up"),
    /^StepError: Cannot clean up .*'ctx\.use': it was not done within/,
  );
  const thrown = failureOf("throws in clean-up");
  assertMatch(thrown, /^StepError: Cannot clean up .*'ctx\.use': it threw/);
  assertStringIncludes(thrown, "Caused by: Error: cannot be undone");
});

Deno.test("withCtx fails every step whose handler throws, and shows where", () => {
  for (
    const [step, failure] of Object.entries(stepsOf("throws in the handler"))
  ) {
    if (step.startsWith("unix (")) continue;
    assertMatch(
      failure,
      new RegExp(`^StepError: .*step '${step}': a handler threw`),
    );
    assertMatch(failure, /Caused by: Error: boom\n.*handlers\.ts/);
  }
});

Deno.test("withCtx fails the step with a rejection that nobody awaits, and the file goes on", () => {
  const { tcp, memory } = stepsOf("rejects with nobody waiting on memory");
  assertEquals(tcp, "passed");
  assertMatch(memory!, /^StepError: .*step 'memory': a promise was rejected/);
  assertStringIncludes(memory!, "Caused by: Error: nobody waits");
  assertEquals(results.get("a test after them passes"), "passed");
});

Deno.test("withCtx leaves alone a rejection that is not of its steps, which ends the file", () => {
  assertStringIncludes(output, "Error: of the module");
  assertNotMatch(stepsOf("is not to blame").memory ?? "", /StepError/);
});

Deno.test("withCtx reports a leak beside the body's error, whose diff stays whole", () => {
  const failure = failureOf("fails and leaks");
  assertMatch(failure, /^AggregateError: Step 'memory' failed with 2 errors/);
  assertMatch(failure, /- {5}answer: 42,\n\s*\+ {5}answer: 43,/);
  assertMatch(failure, /AssertionError[^]*LeakError[^]*server \(local:/);
});

Deno.test("withCtx prints the last messages of a failed step as a chart", () => {
  assertMatch(
    output,
    /The last messages \(1\):\nclient ──▶ server request {2}0 "unanswered"/,
  );
});

Deno.test("withCtx takes the seed of its network from DENOMAS_SEED", () => {
  assertEquals(stepsOf("has the seed 42"), { memory: "passed" });
});

Deno.test("withCtx.only puts the other tests of its file aside", () => {
  assertEquals(stepsOf("is the only one"), { memory: "passed" });
  assertEquals(stepsOf("is put aside"), {});
});

Deno.test("withCtx.ignore runs no step", () => {
  assertEquals(results.get("is ignored"), "skipped");
  assertEquals(stepsOf("is ignored"), {});
});

Deno.test("withCtx names a step for each transport and codec", () => {
  assertEquals(stepsOf("runs with each codec"), {
    "tcp · json": "passed",
    "tcp · msgpack": "passed",
    "memory · json": "passed",
    "memory · msgpack": "passed",
  });
});

Deno.test("withCtx needs no more permissions than its transport", () => {
  assertEquals(stepsOf("needs no permission in memory"), { memory: "passed" });
  assertEquals(stepsOf("needs net alone on TCP"), { tcp: "passed" });
  if (Deno.build.os === "windows") return;
  const unix = stepsOf("needs files and net on Unix sockets");
  assertEquals(unix, { unix: "passed" });
});

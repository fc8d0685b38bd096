// deno-lint-ignore-file no-console -- it is what is tested
import { assertEquals } from "@std/assert";
import { guardedOnError, reportToStderr, runGuarded } from "./report.ts";

/** Returns what `run` prints on stderr, including in the next turn. */
async function printedBy(run: () => void): Promise<unknown[][]> {
  const printed: unknown[][] = [];
  const before = console.error;
  console.error = (...args: unknown[]) => void printed.push(args);
  try {
    run();
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    console.error = before;
  }
  return printed;
}

Deno.test("reportToStderr prints one line, whatever was thrown", async () => {
  const context = { kind: "handler", address: "local://a" } as const;
  assertEquals(
    await printedBy(() => {
      reportToStderr(new TypeError("no such thing"), context);
      reportToStderr("just text", context);
    }),
    [
      ["denomas: handler error at local://a: TypeError: no such thing"],
      ["denomas: handler error at local://a: Error: just text"],
    ],
  );
});

Deno.test("reportToStderr escapes what a terminal would act on", async () => {
  const context = { kind: "protocol", address: "local://a\nb" } as const;
  assertEquals(
    await printedBy(() => reportToStderr(new Error("a\r\n\x1b[2Jb"), context)),
    [[
      "denomas: protocol error at local://a\\nb: Error: a\\r\\n\\u{1b}[2Jb",
    ]],
  );
});

Deno.test("reportToStderr reports what cannot be read", async () => {
  const unreadable = new Proxy({}, {
    get() {
      throw new Error("no");
    },
    getPrototypeOf() {
      throw new Error("no");
    },
  });
  const context = { kind: "handler", address: "local://a" } as const;
  assertEquals(
    await printedBy(() => reportToStderr(unreadable, context)),
    [["denomas: handler error at local://a: Error: the error cannot be read"]],
  );
});

const HOSTILE_HOOKS: Record<string, () => unknown> = {
  "throws": () => {
    throw new Error("hook");
  },
  "rejects": () => Promise.reject(new Error("hook")),
  "returns a thenable that throws": () => ({
    then() {
      throw new Error("hook");
    },
  }),
  "returns a thenable that rejects twice": () => ({
    then(_resolve: unknown, reject: (error: Error) => void) {
      reject(new Error("hook"));
      reject(new Error("again"));
    },
  }),
};

for (const [what, hook] of Object.entries(HOSTILE_HOOKS)) {
  Deno.test(`guardedOnError prints both errors if onError ${what}`, async () => {
    const context = { kind: "task", address: "local://a" } as const;
    // The options of one layer pass through those of the next.
    const onError = guardedOnError(guardedOnError(hook as () => void));
    assertEquals(
      await printedBy(() => onError(new Error("first"), context)),
      [
        ["denomas: task error at local://a: Error: first"],
        ["denomas: callback error at local://a: Error: hook"],
      ],
    );
  });

  Deno.test(`runGuarded reports once if the code ${what}`, async () => {
    const failures: unknown[] = [];
    runGuarded(hook, (error) => failures.push(String(error)));
    await new Promise((resolve) => setImmediate(resolve));
    assertEquals(failures, ["Error: hook"]);
  });
}

Deno.test("guardedOnError reports to stderr without an onError", async () => {
  const context = { kind: "handler", address: "local://a" } as const;
  const onError = guardedOnError(undefined);
  assertEquals(await printedBy(() => onError(new Error("a"), context)), [
    ["denomas: handler error at local://a: Error: a"],
  ]);
});

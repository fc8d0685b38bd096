const MAX_FRAMES = 50;

/** Substrings of the stack frames of Deno and of the test helper itself. */
const MACHINERY = [
  "(ext:",
  "(<anonymous>)",
  import.meta.resolve("./_"),
  import.meta.resolve("../step/"),
  import.meta.resolve("../network/_"),
  import.meta.resolve("../ctx.ts"),
  import.meta.resolve("../../channel/timers/_waits.ts"),
  import.meta.resolve("../../transports/_observers.ts"),
];

const ROOT = import.meta.resolve("../../");

/** Matches the code of the package, except its own tests and their helpers. */
const OF_PACKAGE =
  /^(agent|channel|extras|rpc|testing|transports)\/(?!.*(_test\.ts|fixtures\/|tests\/))/;

function isOfUser(frame: string): boolean {
  const at = frame.indexOf(ROOT);
  return at === -1 || !OF_PACKAGE.test(frame.slice(at + ROOT.length));
}

/** The stack of one place in the code. */
export class Stack {
  readonly #error: Error;

  /**
   * Captures the current stack. Its text is formatted only on demand, which
   * takes a hundred times as long.
   */
  constructor(maxFrames = MAX_FRAMES) {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = maxFrames;
    this.#error = new Error();
    Error.stackTraceLimit = limit;
  }

  /** Returns the frames of the test and the code it calls, one per line. */
  toString(): string {
    return this.#frames().join("\n");
  }

  /** Returns the innermost frame outside the package, if there is one. */
  userFrame(): string | null {
    return this.#frames().find(isOfUser) ?? null;
  }

  /**
   * Returns the frame of the waiting function, for a stack captured in a
   * promise hook; `null` if the promise does not belong to an `await` in user
   * code.
   */
  awaitFrame(): string | null {
    const frames = this.#error.stack?.split("\n").slice(1) ?? [];
    const hook = frames.findIndex((line) => line.includes("ext:deno_node/v8"));
    const frame = frames[hook + 1];
    if (frame === undefined || MACHINERY.some((it) => frame.includes(it))) {
      return null;
    }
    return isOfUser(frame) ? frame : null;
  }

  #frames(): string[] {
    const frames = this.#error.stack?.split("\n").slice(1) ?? [];
    return frames.filter((line) => !MACHINERY.some((it) => line.includes(it)));
  }
}

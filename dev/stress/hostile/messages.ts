import type { Lies } from "./lies.ts";

/** The arguments with which a hostile peer calls a method. */
export type MakeArgs = (lies: Lies) => unknown[];

/** A method of the other side that anybody may call. */
export type Plan = readonly [path: string, args: MakeArgs];

/** The content of a call of one of `plans`, plain or within a `$/call`. */
export function callContent(lies: Lies, plans: readonly Plan[]): unknown {
  const [path, makeArgs] = lies.pick(...plans);
  const args = lies.chance(0.9) ? makeArgs(lies) : lies.list(2);
  const kwargs = lies.chance(0.8) ? {} : lies.map(2);
  return lies.chance(0.2)
    ? ["$/call", [path, args, kwargs, terms(lies)], {}]
    : [path, args, kwargs];
}

/** The terms of a `$/call`. */
function terms(lies: Lies): unknown {
  if (lies.chance(0.1)) return lies.value();
  return {
    timeoutMs: lies.chance(0.5)
      ? lies.pick<unknown>(0, 1, 5, -1, NaN, 2 ** 31, 1e300, Infinity, "9")
      : lies.value(1),
    ...(lies.chance(0.5) && { meta: lies.chance(0.5) ? lies.map(2) : {} }),
    traceparent: lies.text(),
  };
}

/** The content of a call to a path that may be anything. */
export function pathContent(lies: Lies): unknown {
  const path = lies.path();
  const call = [path, lies.list(2), {}];
  return lies.chance(0.3) ? ["$/call", [...call, terms(lies)], {}] : call;
}

/** What steers calls, references and streams, with keys of any kind. */
export function controlContent(lies: Lies): unknown {
  const path = lies.pick(
    "$/cancel",
    "$/keep",
    "$/release",
    "$/next",
    "$/return",
    "$/ping",
    "$/idempotent",
    "$/unknown",
    "$/call",
    "$/ref/0",
  );
  const key = () =>
    lies.chance(0.7) ? lies.integer(0, 12) : lies.value(1) ?? lies.number();
  const args = path === "$/idempotent"
    ? [lies.chance(0.7) ? lies.path() : lies.value(2)]
    : [key(), key()];
  return [path, lies.chance(0.9) ? args : lies.list(1), {}];
}

/** A hello, of a size and shape of its own. */
export function helloContent(lies: Lies): unknown {
  const features = lies.chance(0.7)
    ? ["call", "cancel", "ping", "references", "streams", "places"]
    : lies.chance(0.5)
    ? Array.from({ length: 300 }, (_, n) => `feature ${n}`)
    : lies.value(2);
  const hello = {
    version: lies.pick<unknown>(1, 1, 0, -1, "1", null, 1e300),
    features,
    ...(lies.chance(0.3) && { credentials: lies.value(3) }),
  };
  return ["$/hello", [lies.chance(0.9) ? hello : lies.value(2)], {}];
}

/** Content that is no call. */
export function shapeContent(lies: Lies): unknown {
  return lies.chance(0.3) ? lies.value(3) : lies.pick<unknown>(
    [lies.path()],
    [lies.path(), {}, []],
    [lies.value(2), [], {}],
    [lies.path(), null, null],
    [lies.path(), [], {}, {}],
    { 0: lies.path(), 1: [], 2: {}, length: 3 },
    ["$/call", [["$/call", [], {}], [], {}, {}], {}],
    ["$/call", ["$/call", [lies.path(), [], {}, {}], {}, {}], {}],
    ["$/call", ["$/hello", [{}], {}, {}], {}],
  );
}

/** The answer to a `$/next`. */
export function batchContent(lies: Lies): unknown {
  const length = lies.chance(0.9) ? lies.integer(0, 64) : 200;
  const item = lies.chance(0.5) ? () => 0 : () => lies.value(2);
  const items = Array.from({ length }, item);
  return lies.chance(0.8)
    ? { items, done: lies.chance(0.3) }
    : lies.pick<unknown>(
      { items: lies.value(2), done: false },
      { items, done: lies.value(1) },
      { items: { length: 5 }, done: true },
      items,
      lies.value(3),
      lies.thenable(2),
    );
}

/** The content of a failure. */
export function failureContent(lies: Lies): unknown {
  return lies.pick<unknown>(
    lies.text(),
    `${lies.text()}: ${lies.text()}\n`,
    [lies.text(), lies.text(), lies.text(), lies.value(1)],
    {
      name: lies.text(),
      message: lies.text(),
      code: lies.pick("not_found", "busy", "unauthenticated", lies.text()),
      stack: lies.text(),
      data: lies.value(2),
    },
    lies.value(3),
  );
}

/** The type and content of an answer to what the other side asked. */
export function answerTo(
  lies: Lies,
  asked: string,
): [type: number, content: unknown] {
  if (asked === "$/ping" && lies.chance(0.9)) return [1, null];
  if (lies.chance(0.15)) return [2, failureContent(lies)];
  if (asked === "$/next") return [1, batchContent(lies)];
  if (asked === "validate_aid") return [1, lies.name()];
  if (asked === "$/hello" && lies.chance(0.7)) {
    return [1, {
      version: 1,
      features: ["call", "cancel", "ping", "references", "streams", "places"],
    }];
  }
  return [1, lies.chance(0.3) ? lies.thenable(2) : lies.value(3)];
}

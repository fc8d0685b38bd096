import type { Codec } from "../channel/codecs/codec.ts";
import type { CtxBody, CtxTransport } from "./ctx_contract.ts";
import { planSteps } from "./step/_plan.ts";
import { readVariable } from "./step/_environment.ts";
import { runTestCase } from "./step/_test_case.ts";

/** How long a body may take where nothing else is asked. */
const TIMEOUT_MS = 10_000;

/** What a step may take beyond its body's limit before Deno ends the test. */
const MARGIN_MS = 3_000;

/** Options for {@linkcode withCtx}. */
export interface CtxOptions {
  /** The name of the test. */
  readonly name: string;
  /**
   * The transports to run on, in this order; `"tls"` only where it is named.
   *
   * @default {["tcp", "unix", "memory"]}
   */
  readonly transports?: readonly CtxTransport[] | undefined;
  /**
   * The codecs to run with: each transport is run with each, and the steps
   * are named `tcp · msgpack`.
   *
   * @default {[json()]}
   */
  readonly codecs?: readonly Codec[] | undefined;
  /**
   * The date at which `ctx.clock` begins: an `ExternalClock`, by which the
   * containers of the test live, so that an hour of theirs takes no time.
   *
   * @default {the computer's clock}
   */
  readonly utcStart?: Date | string | undefined;
  /**
   * What the chances of `ctx.network` are drawn from, an integer from 0 to
   * 4,294,967,295.
   *
   * @default {DENOMAS_SEED of the environment, or another one in each run}
   */
  readonly seed?: number | undefined;
  /**
   * What the test may do, as in `Deno.test`.
   *
   * @default {"inherit"}
   */
  readonly permissions?: Deno.PermissionOptions | undefined;
  /**
   * How long the body may take on each transport, in milliseconds; `Infinity`
   * to look at it in a debugger.
   *
   * @default {10_000}
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Whether a leak is reported with the stack that made it. It makes each
   * message slower.
   *
   * @default {true if the environment has DENOMAS_TRACE=1}
   */
  readonly trace?: boolean | undefined;
}

/** Registers a test by name, or with options. */
export type CtxRegistration = (
  nameOrOptions: string | CtxOptions,
  fn: CtxBody,
) => void;

/** The type of {@linkcode withCtx}. */
export interface WithCtx extends CtxRegistration {
  /** Registers a test that is run instead of all others, as `Deno.test.only`. */
  only: CtxRegistration;
  /** Registers a test that is not run, as `Deno.test.ignore`. */
  ignore: CtxRegistration;
}

/**
 * Registers a test that runs on every transport: one `Deno.test`, with its
 * sanitizers on, and in it one step a transport.
 *
 * The body `fn` is the client. It starts the server that it needs from
 * {@linkcode Ctx}, on which nothing is left from the test before and no
 * address is in use. However it ends, what it started is closed, the last
 * first, and the step fails if anything is left: the leak is named with its
 * owner. A step also fails if a handler throws, or if a promise is rejected
 * and nobody awaits it. The last messages of a failed step are printed.
 *
 * When the body takes longer than `timeoutMs`, the step fails with what is
 * open and pending, `ctx.signal` aborts and `ctx` ends. If the body has not
 * ended a quarter of a second later, the steps that follow are skipped. A body
 * that never yields is ended by Deno itself some seconds later.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { withCtx } from "@denomas/denomas/testing";
 *
 * const greet = (name: unknown) => `Hello, ${name}`;
 *
 * Deno.test("greet() says hello", () => {
 *   assertEquals(greet("Ada"), "Hello, Ada");
 * });
 *
 * withCtx("a server greets its client", async (ctx) => {
 *   const channel = await ctx.startServerAndConnect(async (channel) => {
 *     for await (const request of channel) {
 *       await request.reply(greet(request.content));
 *     }
 *   });
 *   assertEquals(await channel.send("Ada"), "Hello, Ada");
 * });
 * ```
 *
 * @throws {RangeError} If `transports` or `codecs` is empty, `timeoutMs` is not
 * over 0, or `seed` is out of range.
 */
export const withCtx: WithCtx = Object.assign(
  registration({}),
  {
    only: registration({ only: true }),
    ignore: registration({ ignore: true }),
  },
);

function registration(
  mode: { readonly only?: boolean; readonly ignore?: boolean },
): CtxRegistration {
  return (nameOrOptions, fn) => {
    const options = typeof nameOrOptions === "string"
      ? { name: nameOrOptions }
      : nameOrOptions;
    Deno.test({ ...defineTest(options, fn, callSite()), ...mode });
  };
}

/** What is registered; `site` is file and line of the test. */
function defineTest(
  options: CtxOptions,
  fn: CtxBody,
  site: string,
): Deno.TestDefinition {
  const { name, permissions, timeoutMs = TIMEOUT_MS, trace } = options;
  if (!(timeoutMs > 0)) {
    throw new RangeError(
      `Cannot register test '${name}': 'timeoutMs' is ${timeoutMs}, it must be over 0`,
    );
  }
  const steps = planSteps(options);
  return {
    name,
    // The steps' own settings have no effect, only those of the test.
    sanitizeOps: true,
    sanitizeResources: true,
    sanitizeExit: true,
    ...(timeoutMs < Infinity &&
      { timeout: steps.length * (timeoutMs + MARGIN_MS) }),
    ...(permissions !== undefined && { permissions }),
    fn: (runner) =>
      runTestCase(runner, steps, fn, {
        timeoutMs,
        trace: trace ?? readVariable("DENOMAS_TRACE") === "1",
        site,
      }),
  };
}

/** Deno itself reports where it was called, which is always in this file. */
function callSite(): string {
  for (const line of new Error().stack?.split("\n") ?? []) {
    const [, site] = /([a-z]+:\/\/\S+:\d+:\d+)\)?$/.exec(line) ?? [];
    if (site !== undefined && !site.startsWith(import.meta.url)) return site;
  }
  return "unknown place";
}

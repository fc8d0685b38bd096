import type { CtxBody, CtxOptions } from "./ctx_contract.ts";
import { simulateStep } from "./simulation/simulated_step.ts";
import { callSite } from "./step/_call_site.ts";
import { readVariable } from "./step/_environment.ts";
import { planSteps } from "./step/_plan.ts";
import { runTestCase } from "./step/_test_case.ts";

/** The default time limit of a body, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** The time that Deno gives a step beyond its body's limit, in milliseconds. */
const MARGIN_MS = 3_000;

/** The time limit of one simulation, in real milliseconds. */
const SIMULATION_MS = 5_000;

/** Registers a test by its name or with options. */
export type CtxRegistration = (
  nameOrOptions: string | CtxOptions,
  fn: CtxBody,
) => void;

/** The type of {@linkcode withCtx}. */
export interface WithCtx extends CtxRegistration {
  /** Registers a test that runs instead of all others (`Deno.test.only`). */
  only: CtxRegistration;
  /** Registers a test that does not run (`Deno.test.ignore`). */
  ignore: CtxRegistration;
}

/**
 * Registers a test that runs on every transport: one `Deno.test` with its
 * sanitizers on, which has one step for each transport.
 *
 * The body `fn` is the client. It starts its servers with {@linkcode Ctx}, at
 * fresh addresses. When the body ends, successfully or not, `ctx` closes
 * everything it has opened, in reverse order, and the step fails if anything is
 * still open: the error names each leak and its owner. A step also fails if a
 * handler throws or a rejection is not handled. The last messages of a failed
 * step are printed.
 *
 * If the body takes longer than `timeoutMs`, the step fails with a list of
 * everything that is open or pending, `ctx.signal` aborts and `ctx` ends. If
 * the body is still running a quarter of a second later, the other steps are
 * skipped. Deno itself ends a body that never yields, some seconds later.
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
 * @throws {RangeError} If `transports` or `codecs` is empty, `transports` names
 * an unknown transport, `timeoutMs` is not positive, or `seed` is out of range.
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
    Deno.test({
      ...defineTest(options, fn, callSite(import.meta.url)),
      ...mode,
    });
  };
}

/** Returns the test to register; `site` is its file and line. */
function defineTest(
  options: CtxOptions,
  fn: CtxBody,
  site: string,
): Deno.TestDefinition {
  const { name, permissions, timeoutMs = TIMEOUT_MS, trace } = options;
  const { simulations = 0 } = options;
  if (!(timeoutMs > 0)) {
    throw new RangeError(
      `Cannot register test '${name}': 'timeoutMs' is ${timeoutMs}, it must be over 0`,
    );
  }
  const steps = planSteps(options);
  return {
    name,
    // Deno ignores these settings on steps and uses those of the test.
    sanitizeOps: true,
    sanitizeResources: true,
    sanitizeExit: true,
    ...(timeoutMs < Infinity &&
      {
        timeout: steps.length * (timeoutMs + MARGIN_MS) +
          simulations * SIMULATION_MS,
      }),
    ...(permissions !== undefined && { permissions }),
    fn: async (runner) => {
      const body = withHooks(options, fn);
      const running = {
        timeoutMs,
        trace: trace ?? readVariable("DENOMAS_TRACE") === "1",
        site,
      };
      await runTestCase(runner, steps, body, running);
      if (simulations === 0) return;
      const plan = {
        ...steps[0]!,
        name: "simulated",
        transport: "memory",
      } as const;
      await runner.step({
        name: `simulated · ${simulations} seeds`,
        fn: () =>
          simulateStep(body, { ...running, name, plan, seeds: simulations }),
      });
    },
  };
}

/** Returns `body` wrapped in the hooks that run before and after it. */
function withHooks(
  { beforeEach, afterEach }: CtxOptions,
  body: CtxBody,
): CtxBody {
  if (beforeEach === undefined && afterEach === undefined) return body;
  return async (ctx) => {
    const run = async () => {
      await beforeEach?.(ctx);
      await body(ctx);
    };
    const results = await Promise.allSettled([run()]);
    results.push(...await Promise.allSettled([afterEach?.(ctx)]));
    const errors = results.flatMap((it) =>
      it.status === "rejected" ? [it.reason] : []
    );
    if (errors.length > 1) {
      throw new AggregateError(errors, "The body and 'afterEach' threw");
    }
    if (errors.length > 0) throw errors[0];
  };
}

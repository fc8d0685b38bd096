import { endingObligations } from "./_ending.ts";
import { entryObligations } from "./_entries.ts";
import { leaseObligations } from "./_leases.ts";
import { messageObligations } from "./_messages.ts";
import { type EngineCluster, type Obligations, Stage } from "./_stage.ts";
import { checkReasons } from "../transport_suite/check_reasons.ts";
import { watchObligations } from "./_watching.ts";

export type { EngineCluster } from "./_stage.ts";

/** Options for {@linkcode testEngine}. */
export interface EngineSuiteOptions {
  /**
   * The names of obligations that the engine does not meet, such as `leases`,
   * each with the reason. Their tests are reported as ignored, with the reason.
   * An unknown name throws a `TypeError` that lists all names.
   *
   * @default {{}}
   */
  readonly skip?: Readonly<Record<string, string>>;
  /**
   * Ignores all tests. Set it where the system lacks something that the engine
   * needs.
   *
   * @default {false}
   */
  readonly ignore?: boolean;
  /**
   * The time limit of each test, in milliseconds.
   *
   * @default {60_000}
   */
  readonly timeoutMs?: number;
}

/** All obligations of an engine, by name. */
export const ENGINE_OBLIGATIONS: Obligations = {
  ...entryObligations,
  ...leaseObligations,
  ...watchObligations,
  ...messageObligations,
  ...endingObligations,
};

/**
 * Registers a `Deno.test`, with sanitizers on, for each obligation of a cluster
 * engine. The contract is documented at `Engine` of `@denomas/denomas/cluster`.
 *
 * @param name The beginning of the tests' names.
 * @param start Starts a cluster for one test.
 * @throws {TypeError} If `skip` names an unknown obligation, or one without a
 * reason.
 *
 * @example Test an engine of your own
 * ```ts ignore
 * import { testEngine } from "@denomas/denomas/testing";
 * import { startServer } from "./my_server.ts";
 * import { myEngine } from "./my_engine.ts";
 *
 * testEngine("myEngine", async () => {
 *   const server = await startServer();
 *   return {
 *     open: () => myEngine(server.address),
 *     dispose: () => server.stop(),
 *   };
 * });
 * ```
 */
export function testEngine(
  name: string,
  start: () => EngineCluster | Promise<EngineCluster>,
  options: EngineSuiteOptions = {},
): void {
  const { skip = {}, ignore = false, timeoutMs = 60_000 } = options;
  checkReasons(name, skip, ENGINE_OBLIGATIONS);
  for (const [key, { title, run }] of Object.entries(ENGINE_OBLIGATIONS)) {
    const reason = skip[key];
    const skipped = reason === undefined ? "" : ` (skipped: ${reason})`;
    Deno.test({
      name: `${name} ${title}${skipped}`,
      ignore: ignore || reason !== undefined,
      sanitizeOps: true,
      sanitizeResources: true,
      timeout: timeoutMs,
      fn: async () => {
        await using stage = new Stage(await start());
        await run(stage);
      },
    });
  }
}

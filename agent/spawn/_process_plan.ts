import { findConfig } from "./_config.ts";
import type { SpawnOptions } from "./contract.ts";
import type { SpawnSetup } from "./_control.ts";
import { spawnEnvironment } from "./_environment.ts";
import { permissionFlags } from "./_permission_flags.ts";

/** The modules, environment and permissions of a new process. */
export interface ProcessPlan {
  /** The URLs of the modules to load. */
  readonly modules: ReadonlySet<string>;
  /** The whole environment. */
  readonly env: Record<string, string>;
  /**
   * Returns the flags of `deno run`, including those to connect to the parent's
   * listener.
   */
  flags(listener: string): readonly string[];
  /** A hint for the error of a failed start; `null` if there is none. */
  readonly hint: string | null;
}

/**
 * Plans the process of a container.
 *
 * @throws {TypeError} If a permission is invalid.
 */
export async function planProcess(
  { listens, parent, modules }: SpawnSetup,
  { permissions = {}, env, flags = [] }: SpawnOptions,
): Promise<ProcessPlan> {
  const hrefs = new Set(Object.values(modules));
  const hasConfig = flags.some((it) =>
    /^(--config|-c|--no-config)($|=)/.test(it)
  );
  const { path, denied } = hasConfig
    ? { path: null, denied: null }
    : await findConfig(hrefs);
  const flagsFor = (...connects: string[]) => [
    ...path === null ? [] : [`--config=${path}`],
    ...permissionFlags(permissions, { listens, connects }),
    ...flags,
  ];
  // Reject invalid permissions before anything starts.
  flagsFor();
  return {
    modules: hrefs,
    env: spawnEnvironment({ env, permissions }),
    flags: (listener) => flagsFor(parent, listener),
    hint: denied === null
      ? null
      : `it has no configuration, since this process may not read '${denied}': allow that, or set '--config=…' or '--no-config' in 'flags'`,
  };
}

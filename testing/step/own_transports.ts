import { pathToFileURL } from "node:url";
import type { CtxOwnTransport } from "../ctx_contract.ts";
import { splitTransports } from "./_environment.ts";

/**
 * The transports of the modules that DENOMAS_TRANSPORTS names. They are loaded
 * before tests begin; otherwise a test would be blamed for resources they open.
 */
export const ownTransports: readonly CtxOwnTransport[] = await load();

async function load(): Promise<CtxOwnTransport[]> {
  const [modules] = splitTransports();
  const toUrl = (path: string) =>
    new URL(path, pathToFileURL(`${Deno.cwd()}/`)).href;
  return await Promise.all(
    modules.map(async (path) => (await import(toUrl(path))).default),
  );
}

import { pathToFileURL } from "node:url";
import { readDeno } from "./_deno.ts";
import { ROOT } from "./_project.ts";

/** The project's files that each file imports, including type-only imports. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/** The parts of the output of `deno info --json` that are used. */
interface Info {
  readonly modules: readonly InfoModule[];
}

interface InfoModule {
  readonly specifier: string;
  readonly error?: string;
  readonly dependencies?: readonly InfoDependency[];
}

interface InfoDependency {
  readonly specifier: string;
  readonly code?: { readonly specifier?: string; readonly error?: string };
  readonly type?: { readonly specifier?: string; readonly error?: string };
}

/**
 * Reads the import graph of `files` and everything they lead to inside the
 * project. `flags` are those of the import map.
 *
 * @throws {Error} If an import cannot be resolved or a file is missing: an
 * incomplete graph would prove nothing.
 */
export async function readImportGraph(
  files: readonly string[],
  flags: readonly string[],
): Promise<ImportGraph> {
  const graph = new Map<string, readonly string[]>();
  for (const file of files) {
    // Most files are already in the graph: the entries lead to them.
    if (graph.has(file)) continue;
    const info = await readDeno(["info", "--json", ...flags, file]);
    addModules(graph, JSON.parse(info));
  }
  return graph;
}

function addModules(graph: Map<string, readonly string[]>, info: Info): void {
  for (const module of info.modules) {
    const file = projectFile(module.specifier);
    if (file === undefined) continue;
    if (module.error !== undefined) {
      throw new Error(`Reading the imports of '${file}': ${module.error}`);
    }
    graph.set(file, importsOf(file, module.dependencies ?? []));
  }
}

function importsOf(
  file: string,
  dependencies: readonly InfoDependency[],
): string[] {
  const imports = new Set<string>();
  for (const { specifier, code, type } of dependencies) {
    const error = code?.error ?? type?.error;
    if (error !== undefined) {
      throw new Error(`Resolving '${specifier}' in '${file}': ${error}`);
    }
    for (const target of [code?.specifier, type?.specifier]) {
      const imported = target === undefined ? undefined : projectFile(target);
      if (imported !== undefined) imports.add(imported);
    }
  }
  return [...imports];
}

const ROOT_URL: string = pathToFileURL(ROOT).href;

/** The façades replace packages, so they do not count as project files. */
const NPM_STD = "dev/checks/npm_std/";

function projectFile(specifier: string): string | undefined {
  if (!specifier.startsWith(ROOT_URL)) return undefined;
  const file = decodeURIComponent(specifier.slice(ROOT_URL.length));
  return file.startsWith(NPM_STD) ? undefined : file;
}

import { pathToFileURL } from "node:url";
import { readDeno } from "./_deno.ts";
import { ROOT } from "./_project.ts";

/** Each file with the project's files that it imports, type-only or not. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/** What is used of the output of `deno info --json`. */
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
 * Reads the import graph from `files` on, with all they lead to inside the
 * project. `flags` are those of the import map.
 *
 * @throws {Error} If an import cannot be resolved or a file is missing: a
 * graph with holes would prove nothing.
 */
export async function readImportGraph(
  files: readonly string[],
  flags: readonly string[],
): Promise<ImportGraph> {
  const graph = new Map<string, readonly string[]>();
  for (const file of files) {
    // Most files come with the first one: the entries lead to the rest.
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

/** The façades stand for packages: to the graph they are not the project's. */
const NPM_STD = "dev/checks/npm_std/";

function projectFile(specifier: string): string | undefined {
  if (!specifier.startsWith(ROOT_URL)) return undefined;
  const file = decodeURIComponent(specifier.slice(ROOT_URL.length));
  return file.startsWith(NPM_STD) ? undefined : file;
}

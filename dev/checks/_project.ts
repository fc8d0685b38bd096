import { fileURLToPath } from "node:url";

/** The folder of `deno.json`, regardless of the current directory. */
export const ROOT: string = fileURLToPath(new URL("../..", import.meta.url));

/** The parts of `deno.json` that the tools read. */
export interface ProjectConfig {
  /** The version to publish next. */
  readonly version: string;
  /** The public entries, by name, such as `./channel/mod.ts`. */
  readonly exports: Readonly<Record<string, string>>;
  /** Specifiers by bare name, such as `jsr:@std/assert@^1.0.0`. */
  readonly imports: Readonly<Record<string, string>>;
}

/** Reads `deno.json`. */
export async function readConfig(): Promise<ProjectConfig> {
  return JSON.parse(await Deno.readTextFile(`${ROOT}/deno.json`));
}

/**
 * Lists the project's files in alphabetical order, as paths relative to
 * {@linkcode ROOT} with `/` as separator. Hidden, installed and generated files
 * are left out.
 */
export async function listFiles(): Promise<string[]> {
  const files: string[] = [];
  await listInto(files, "");
  return files.sort();
}

const NOT_OURS: ReadonlySet<string> = new Set(["node_modules", "coverage"]);

async function listInto(files: string[], folder: string): Promise<void> {
  for await (const entry of Deno.readDir(`${ROOT}/${folder}`)) {
    const path = folder + entry.name;
    if (entry.name.startsWith(".") || NOT_OURS.has(entry.name)) continue;
    if (entry.isDirectory) await listInto(files, `${path}/`);
    else files.push(path);
  }
}

/** Returns whether a file contains tests. */
export function isTest(file: string): boolean {
  return file.endsWith("_test.ts");
}

/** Returns whether a file is a guide with code blocks that are tested. */
export function isGuide(file: string): boolean {
  return file === "README.md" ||
    file.startsWith("docs/") && file.endsWith(".md");
}

import { fileURLToPath } from "node:url";

/** The folder of `deno.json`, from wherever a tool is started. */
export const ROOT: string = fileURLToPath(new URL("../..", import.meta.url));

/** What the tools read of `deno.json`. */
export interface ProjectConfig {
  /** The version that is published next. */
  readonly version: string;
  /** The public entries: name to file, such as `./channel/mod.ts`. */
  readonly exports: Readonly<Record<string, string>>;
  /** Bare names to specifiers, such as `jsr:@std/assert@^1.0.0`. */
  readonly imports: Readonly<Record<string, string>>;
}

/** Reads `deno.json`. */
export async function readConfig(): Promise<ProjectConfig> {
  return JSON.parse(await Deno.readTextFile(`${ROOT}/deno.json`));
}

/**
 * Lists the project's files, as paths from {@linkcode ROOT} with `/` between
 * their parts, in alphabetical order. What is hidden, installed or generated
 * is left out.
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

/** Returns whether a file holds tests. */
export function isTest(file: string): boolean {
  return file.endsWith("_test.ts");
}

/** Returns whether a file is a guide whose code blocks are run. */
export function isGuide(file: string): boolean {
  return file === "README.md" ||
    file.startsWith("docs/") && file.endsWith(".md");
}

/**
 * Prints the size of the smallest possible client for a page, and its parts by
 * folder; `browser_size.ts --files` lists them by file.
 *
 * @module
 */

import { join } from "@std/path";
import { fileURLToPath } from "node:url";
import { readDeno } from "./_deno.ts";
import { print } from "./_print.ts";
import { ROOT } from "./_project.ts";
import { bytesBySource } from "./source_map.ts";

/** The limit for the compressed script. Raise it only for intended growth. */
export const MAX_GZIPPED_BYTES = 50_200;

/** The size of a script for browsers, and of its parts. */
export interface BundleSize {
  readonly minifiedBytes: number;
  readonly gzippedBytes: number;
  /** The minified bytes of each file. */
  readonly files: ReadonlyMap<string, number>;
}

/** Bundles the smallest possible client and measures it. */
export async function measureClient(): Promise<BundleSize> {
  const folder = await Deno.makeTempDir();
  try {
    await readDeno([
      ...["bundle", "--quiet", "--minify", "--platform", "browser"],
      ...["--sourcemap", "external", "--outdir", folder],
      fileURLToPath(new URL("fixtures/minimal_client.ts", import.meta.url)),
    ]);
    const script = await Deno.readTextFile(join(folder, "minimal_client.js"));
    const map = await Deno.readTextFile(join(folder, "minimal_client.js.map"));
    const zipped = await new Response(
      new Blob([script]).stream().pipeThrough(new CompressionStream("gzip")),
    ).bytes();
    const files = new Map<string, number>();
    for (const [source, bytes] of bytesBySource(script, JSON.parse(map))) {
      const path = join(await Deno.realPath(folder), source);
      files.set(path.slice(ROOT.length), bytes);
    }
    return {
      minifiedBytes: new TextEncoder().encode(script).length,
      gzippedBytes: zipped.length,
      files,
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  const { minifiedBytes, gzippedBytes, files } = await measureClient();
  const isByFile = Deno.args.includes("--files");
  const sums = new Map<string, number>();
  for (const [file, bytes] of files) {
    const name = isByFile ? file : file.slice(0, file.lastIndexOf("/"));
    sums.set(name, (sums.get(name) ?? 0) + bytes);
  }
  for (const [name, bytes] of [...sums].sort(([, a], [, b]) => b - a)) {
    const percent = (100 * bytes / minifiedBytes).toFixed(1);
    print(
      `${name.padEnd(44)}${String(bytes).padStart(8)}${percent.padStart(6)} %`,
    );
  }
  print(`${"minified".padEnd(44)}${String(minifiedBytes).padStart(8)}`);
  print(`${"gzipped".padEnd(44)}${String(gzippedBytes).padStart(8)}`);
}

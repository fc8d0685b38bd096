import { fileURLToPath } from "node:url";

/**
 * Returns the flags with which a subprocess resolves `@std` as this process
 * does. On networks without JSR this project uses a separate import map for it,
 * which must be passed to each process.
 */
export function importMapFlags(): string[] {
  const std = import.meta.resolve("@std/path");
  if (!std.startsWith("file:")) return [];
  return [`--import-map=${fileURLToPath(new URL("import_map.json", std))}`];
}

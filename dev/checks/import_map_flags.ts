import { fileURLToPath } from "node:url";

/**
 * The flags by which a subprocess finds `@std` where this process does. On
 * networks without JSR this project has an import map of its own for it, of
 * which each process must be told.
 */
export function importMapFlags(): string[] {
  const std = import.meta.resolve("@std/path");
  if (!std.startsWith("file:")) return [];
  return [`--import-map=${fileURLToPath(new URL("import_map.json", std))}`];
}

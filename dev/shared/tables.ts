/** A table, with a heading for each column. */
export type Table = readonly (readonly string[])[];

/**
 * Formats tables for a terminal; the first column is left-aligned, others
 * right.
 */
export function formatText(tables: readonly Table[]): string {
  return tables.map((marked) => {
    const table = marked.map((row) =>
      row.map((cell) => cell.replaceAll("`", ""))
    );
    const widths = table[0]!.map((_, column) =>
      Math.max(...table.map((row) => row[column]?.length ?? 0))
    );
    return table.map((row) =>
      row.map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)
      ).join("  ").trimEnd()
    ).join("\n");
  }).join("\n\n");
}

/** Formats tables for a guide. */
export function formatMarkdown(tables: readonly Table[]): string {
  return tables.map(([head, ...body]) =>
    [head!, head!.map((_, column) => column === 0 ? "---" : "---:"), ...body]
      .map((row) => `| ${row.join(" | ")} |`).join("\n")
  ).join("\n\n");
}

/**
 * Formats a table in columns under a line of headings, with text aligned left
 * and numbers aligned right.
 */
export function formatTable(
  headings: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const cells = rows.map((row) => row.map(formatCell));
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...cells.map((row) => row[column]!.length))
  );
  const isNumeric = headings.map((_, column) =>
    rows.every((row) => typeof row[column] === "number")
  );
  return [headings, ...cells].map((row) =>
    row.map((cell, column) =>
      isNumeric[column]
        ? cell.padStart(widths[column]!)
        : cell.padEnd(widths[column]!)
    ).join("  ").trimEnd()
  ).join("\n");
}

function formatCell(cell: string | number): string {
  if (typeof cell === "string") return cell;
  // Three digits are enough for measurements; counts are shown whole.
  return cell.toLocaleString(
    "en",
    Number.isInteger(cell) ? {} : {
      maximumSignificantDigits: 3,
      minimumSignificantDigits: 3,
    },
  );
}

const DIGITS =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The parts of a source map that assign code to its source. */
export interface SourceMap {
  readonly sources: readonly string[];
  readonly mappings: string;
}

/** Returns the number of characters of `code` that come from each source. */
export function bytesBySource(
  code: string,
  { sources, mappings }: SourceMap,
): Map<string, number> {
  const sums = new Map<string, number>();
  let source = 0;
  const lines = code.split("\n");
  for (const [index, segments] of mappings.split(";").entries()) {
    let column = 0;
    let from: string | undefined;
    const add = (end: number) => {
      if (from !== undefined) {
        sums.set(from, (sums.get(from) ?? 0) + end - column);
      }
    };
    for (const segment of segments.split(",").filter(Boolean)) {
      const [columns = 0, sourceStep = 0] = decode(segment);
      add(column + columns);
      column += columns;
      source += sourceStep;
      from = sources[source];
    }
    add(lines[index]?.length ?? column);
  }
  return sums;
}

/** Decodes the base 64 VLQ numbers of a segment. */
function decode(segment: string): number[] {
  const numbers: number[] = [];
  let number = 0;
  let shift = 0;
  for (const digit of segment) {
    const value = DIGITS.indexOf(digit);
    number |= (value & 31) << shift;
    shift += 5;
    if ((value & 32) !== 0) continue;
    numbers.push((number & 1) === 1 ? -(number >> 1) : number >> 1);
    number = shift = 0;
  }
  return numbers;
}

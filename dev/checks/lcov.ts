/** How much of one file the tests reached. */
export interface FileCoverage {
  /** The file, as the report names it. */
  readonly file: string;
  /** Numbers of the lines that ran. */
  readonly reached: readonly number[];
  /** Numbers of the lines that did not run. */
  readonly missed: readonly number[];
}

/** Reads a coverage report in LCOV's format. */
export function parseLcov(report: string): FileCoverage[] {
  return report.split("end_of_record\n").flatMap((record) => {
    const file = record.match(/^SF:(.+)$/m)?.[1];
    if (file === undefined) return [];
    const lines = [...record.matchAll(/^DA:(\d+),(\d+)/gm)]
      .map(([, line, count]) => ({ line: Number(line), count: Number(count) }));
    return [{
      file,
      reached: lines.filter(({ count }) => count > 0).map(({ line }) => line),
      missed: lines.filter(({ count }) => count === 0).map(({ line }) => line),
    }];
  });
}

const MAX_FRAMES = 50;

/**
 * Returns the file and line at which a test is registered, from the stack of
 * `withCtx`. Deno itself would report this package as the location of every
 * test.
 */
export function callSite(own: string): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = MAX_FRAMES;
  const { stack = "" } = new Error();
  Error.stackTraceLimit = limit;
  return siteIn(stack, [own, import.meta.url]);
}

/**
 * Finds the location in `stack`, ignoring frames of the files `own`. The test
 * file is the file of the outermost frame. Frames of wrappers, in other files
 * or in the test file, and of libraries whose callbacks register tests are
 * skipped.
 */
export function siteIn(stack: string, own: readonly string[]): string {
  const sites = stack.split("\n")
    .map((line) => /([a-z]+:\/\/\S+:\d+:\d+)\)?$/.exec(line)?.[1])
    .filter((site) =>
      site !== undefined && !own.some((it) => site.startsWith(`${it}:`))
    ) as string[];
  const outermost = sites.at(-1);
  if (outermost === undefined) return "unknown place";
  const file = fileOf(outermost);
  let at = sites.findIndex((site) => fileOf(site) === file);
  while (at + 1 < sites.length && fileOf(sites[at + 1]!) === file) at++;
  return sites[at]!;
}

function fileOf(site: string): string {
  return site.replace(/:\d+:\d+$/, "");
}

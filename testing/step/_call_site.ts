const MAX_FRAMES = 50;

/**
 * Returns the file and line at which a test is registered, by the stack of
 * `withCtx`. Deno itself would report this package as the place of every test.
 */
export function callSite(own: string): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = MAX_FRAMES;
  const { stack = "" } = new Error();
  Error.stackTraceLimit = limit;
  return siteIn(stack, [own, import.meta.url]);
}

/**
 * Finds the place in `stack`, without the frames of the files `own`. The test
 * file is that of the outermost frame: wrappers in other files and in the test
 * file itself are not to blame, nor is a library whose callback registers tests.
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

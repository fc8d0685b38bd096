/**
 * Paths and `file:` URLs, in place of `@std/path`, which takes Deno longer to
 * load than to start.
 */

type System = typeof Deno.build.os;

/** Returns whether `path` begins at the root of a file system. */
export function isAbsolute(
  path: string,
  system: System = Deno.build.os,
): boolean {
  return system === "windows"
    ? /^([a-z]:)?[\\/]/i.test(path)
    : path.startsWith("/");
}

/** Returns the URL of the file at an absolute path. */
export function toFileUrl(path: string, system: System = Deno.build.os): URL {
  // A URL drops some white space that is not escaped.
  const escaped = path.replaceAll(/[%\t\n\r]/g, encodeURIComponent);
  const url = new URL("file:///");
  if (system !== "windows") {
    url.pathname = escaped.replaceAll("\\", "%5C");
    return url;
  }
  const [, host = "", local = escaped] =
    /^[\\/]{2}([^\\/]+)([\\/].*)$/s.exec(escaped) ?? [];
  url.pathname = local;
  url.hostname = host;
  return url;
}

/** Returns the path that a `file:` URL names. */
export function fromFileUrl(
  { hostname, pathname }: URL,
  system: System = Deno.build.os,
): string {
  // A percent sign that escapes nothing stands for itself.
  const escaped = pathname.replaceAll(/%(?![0-9a-f]{2})/gi, "%25");
  const path = decodeURIComponent(escaped);
  if (system !== "windows") return path;
  const local = path.replaceAll("/", "\\");
  return hostname === ""
    ? local.replace(/^\\(?=[a-z]:)/i, "")
    : `\\\\${hostname}${local}`;
}

/**
 * What `@std/path` has for the system that this is. The whole of it asks
 * `process` which one that is, for which Deno starts much of what it has of
 * Node: 7 ms before the first line of a program.
 */
import { dirname as posixDirname } from "@std/path/posix/dirname";
import { isAbsolute as isPosixAbsolute } from "@std/path/posix/is-absolute";
import { dirname as windowsDirname } from "@std/path/windows/dirname";
import { isAbsolute as isWindowsAbsolute } from "@std/path/windows/is-absolute";

const isWindows = Deno.build.os === "windows";

/** A path without its last part. */
export const dirname: (path: string) => string = isWindows
  ? windowsDirname
  : posixDirname;

/** Whether a path is absolute. */
export const isAbsolute: (path: string) => boolean = isWindows
  ? isWindowsAbsolute
  : isPosixAbsolute;

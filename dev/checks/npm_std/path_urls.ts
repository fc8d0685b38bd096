/**
 * The parts of `@std/path` that the package itself uses, for machines that reach
 * npm but not JSR: see `path.ts`. Those of both kinds of systems are named, since
 * the copy that chooses between them loads `process`, which takes Deno as long as
 * to start.
 *
 * @module
 */

// deno-lint-ignore-file no-import-prefix -- only this folder knows the npm copy
import { fromFileUrl as posixFromFileUrl } from "npm:deno-std@1.4.0/path/posix/from_file_url.js";
import { isAbsolute as posixIsAbsolute } from "npm:deno-std@1.4.0/path/posix/is_absolute.js";
import { toFileUrl as posixToFileUrl } from "npm:deno-std@1.4.0/path/posix/to_file_url.js";
import { fromFileUrl as windowsFromFileUrl } from "npm:deno-std@1.4.0/path/windows/from_file_url.js";
import { isAbsolute as windowsIsAbsolute } from "npm:deno-std@1.4.0/path/windows/is_absolute.js";
import { toFileUrl as windowsToFileUrl } from "npm:deno-std@1.4.0/path/windows/to_file_url.js";

const isWindows = Deno.build.os === "windows";

/** The path of a file URL. */
export const fromFileUrl: (url: URL | string) => string = isWindows
  ? windowsFromFileUrl
  : posixFromFileUrl;

/** Whether a path is absolute. */
export const isAbsolute: (path: string) => boolean = isWindows
  ? windowsIsAbsolute
  : posixIsAbsolute;

/** The file URL of an absolute path. */
export const toFileUrl: (path: string) => URL = isWindows
  ? windowsToFileUrl
  : posixToFileUrl;

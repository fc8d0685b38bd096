/**
 * The parts of `@std/path` that the package itself uses, for machines that can
 * reach npm but not JSR: see `path.ts`. The functions for both kinds of systems
 * are imported, since the module that chooses between them loads `process`,
 * which takes Deno as long as starting up.
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

/** Returns the path of a file URL. */
export const fromFileUrl: (url: URL | string) => string = isWindows
  ? windowsFromFileUrl
  : posixFromFileUrl;

/** Returns whether a path is absolute. */
export const isAbsolute: (path: string) => boolean = isWindows
  ? windowsIsAbsolute
  : posixIsAbsolute;

/** Returns the file URL of an absolute path. */
export const toFileUrl: (path: string) => URL = isWindows
  ? windowsToFileUrl
  : posixToFileUrl;

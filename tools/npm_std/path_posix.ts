/**
 * `@std/path/posix/dirname` and `/is-absolute` for machines that reach npm but
 * not JSR: see `path.ts`. The whole of `@std/path` asks which system this is,
 * for which Deno starts what it has of Node: 7 ms before the first line of a
 * program.
 *
 * @module
 */

// deno-lint-ignore no-import-prefix -- only this folder knows the npm copy
import * as dirnameModule from "npm:deno-std@1.4.0/path/posix/dirname.js";
// deno-lint-ignore no-import-prefix -- only this folder knows the npm copy
import * as isAbsoluteModule from "npm:deno-std@1.4.0/path/posix/is_absolute.js";

/** A path without its last part. */
export const dirname: (path: string | URL) => string = dirnameModule.dirname;

/** Whether a path is absolute. */
export const isAbsolute: (path: string) => boolean =
  isAbsoluteModule.isAbsolute;

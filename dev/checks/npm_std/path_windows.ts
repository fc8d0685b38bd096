/**
 * The parts of `@std/path/windows` that are used, for machines that reach npm but
 * not JSR: see `path.ts`.
 *
 * @module
 */

// deno-lint-ignore no-import-prefix -- only this folder knows the npm copy
import { dirname as untypedDirname } from "npm:deno-std@1.4.0/path/windows/dirname.js";
// deno-lint-ignore no-import-prefix -- only this folder knows the npm copy
import { isAbsolute as untypedIsAbsolute } from "npm:deno-std@1.4.0/path/windows/is_absolute.js";

/** A path without its last part. */
export const dirname: (path: string | URL) => string = untypedDirname;

/** Whether a path is absolute. */
export const isAbsolute: (path: string) => boolean = untypedIsAbsolute;

/**
 * The parts of `@std/path` that the package itself uses, for machines that reach
 * npm but not JSR: see `path.ts`.
 *
 * @module
 */

// deno-lint-ignore no-import-prefix -- only this folder knows the npm copy
import { fromFileUrl as untypedFromFileUrl } from "npm:deno-std@1.4.0/path/from_file_url.js";
// deno-lint-ignore no-import-prefix -- only this folder knows the npm copy
import { isAbsolute as untypedIsAbsolute } from "npm:deno-std@1.4.0/path/is_absolute.js";
// deno-lint-ignore no-import-prefix -- only this folder knows the npm copy
import { toFileUrl as untypedToFileUrl } from "npm:deno-std@1.4.0/path/to_file_url.js";

/** The path of a file URL. */
export const fromFileUrl: (url: URL | string) => string = untypedFromFileUrl;

/** Whether a path is absolute. */
export const isAbsolute: (path: string) => boolean = untypedIsAbsolute;

/** The file URL of an absolute path. */
export const toFileUrl: (path: string) => URL = untypedToFileUrl;

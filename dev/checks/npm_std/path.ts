/**
 * `@std/path` for machines that can reach npm but not JSR: an untyped copy of
 * the functions in use, with the types of the original.
 *
 * @module
 */

// deno-lint-ignore no-import-prefix -- only this folder knows the npm copy
import * as std from "npm:deno-std@1.4.0/path/mod.js";

/** The separator of the system's paths. */
export const SEPARATOR: "/" | "\\" = std.SEPARATOR;

/** Returns the last part of a path, without `suffix`. */
export const basename: (path: string | URL, suffix?: string) => string =
  std.basename;

/** Returns a path without its last part. */
export const dirname: (path: string | URL) => string = std.dirname;

/** Returns the extension of a path, with its dot. */
export const extname: (path: string | URL) => string = std.extname;

/** Returns the path of a file URL. */
export const fromFileUrl: (url: URL | string) => string = std.fromFileUrl;

/** Returns whether a path is absolute. */
export const isAbsolute: (path: string) => boolean = std.isAbsolute;

/** Joins paths and normalises the result. */
export const join: (path: string | URL, ...paths: string[]) => string =
  std.join;

/** Removes `.`, `..` and repeated separators from a path, where possible. */
export const normalize: (path: string | URL) => string = std.normalize;

/** Returns the relative path from one path to another. */
export const relative: (from: string, to: string) => string = std.relative;

/** Returns the absolute path of a sequence of paths. */
export const resolve: (...pathSegments: string[]) => string = std.resolve;

/** Returns the file URL of an absolute path. */
export const toFileUrl: (path: string) => URL = std.toFileUrl;

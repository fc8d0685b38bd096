/**
 * `@std/path` for machines that reach npm but not JSR: an untyped copy of the
 * same module, with the types that the real one has, for what is used of it.
 *
 * @module
 */

// deno-lint-ignore no-import-prefix -- only this folder knows the npm copy
import * as std from "npm:deno-std@1.4.0/path/mod.js";

/** The separator of the system's paths. */
export const SEPARATOR: "/" | "\\" = std.SEPARATOR;

/** The last part of a path, without `suffix`. */
export const basename: (path: string | URL, suffix?: string) => string =
  std.basename;

/** A path without its last part. */
export const dirname: (path: string | URL) => string = std.dirname;

/** The extension of a path, with its dot. */
export const extname: (path: string | URL) => string = std.extname;

/** The path of a file URL. */
export const fromFileUrl: (url: URL | string) => string = std.fromFileUrl;

/** Whether a path is absolute. */
export const isAbsolute: (path: string) => boolean = std.isAbsolute;

/** Joins paths and normalises the result. */
export const join: (path: string | URL, ...paths: string[]) => string =
  std.join;

/** A path without `.`, `..` and doubled separators, where possible. */
export const normalize: (path: string | URL) => string = std.normalize;

/** The relative path that leads from one path to another. */
export const relative: (from: string, to: string) => string = std.relative;

/** The absolute path that a sequence of paths leads to. */
export const resolve: (...pathSegments: string[]) => string = std.resolve;

/** The file URL of an absolute path. */
export const toFileUrl: (path: string) => URL = std.toFileUrl;

/**
 * Modules from which classes may be loaded: URLs or absolute paths. In a list,
 * each module is named after its file, with and without the extension; in a
 * record, by its key.
 */
export type ModuleList =
  | readonly (string | URL)[]
  | Readonly<Record<string, string | URL>>;

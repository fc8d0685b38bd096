/** What a permission allows: all, nothing, or what is listed. */
export type SpawnPermission = boolean | readonly (string | URL)[];

/**
 * What a spawned process may do beyond what its container needs, by the names
 * of Deno's flags: `net: ["example.com:443"]` is `--allow-net=example.com:443`,
 * and `true` allows all. What is left out is not allowed.
 */
export interface SpawnPermissions {
  /**
   * Environment variables. Those in a list are also passed on; with `true` it
   * may read what it has, see the option `env`.
   */
  readonly env?: SpawnPermission | undefined;
  /** Libraries in machine code. */
  readonly ffi?: SpawnPermission | undefined;
  /** Hosts of remote modules that are imported. */
  readonly import?: SpawnPermission | undefined;
  /** Hosts, as `"host:port"`, or `"unix:/path"`. */
  readonly net?: SpawnPermission | undefined;
  /** Files and folders to read. */
  readonly read?: SpawnPermission | undefined;
  /** Programs. */
  readonly run?: SpawnPermission | undefined;
  /** What there is to know of the machine, such as `"hostname"`. */
  readonly sys?: SpawnPermission | undefined;
  /** Files and folders to write. */
  readonly write?: SpawnPermission | undefined;
}

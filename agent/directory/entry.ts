/** The value of a property. A number must be finite. */
export type DirectoryPropertyValue = string | number | boolean | null;

/** The properties of an agent, by name. */
export type DirectoryProperties = Readonly<
  Record<string, DirectoryPropertyValue>
>;

/** The entry of an agent. It is plain data. */
export interface DirectoryEntry {
  /**
   * Identifies the entry as long as the directory lives. Later entries have
   * larger ids.
   */
  readonly id: number;
  /** The address of the agent. */
  readonly address: string;
  /** The kind of the agent, as a word of your choice. */
  readonly type: string;
  /** Further properties of the agent. */
  readonly properties: DirectoryProperties;
}

/** The argument of `Directory.register`. */
export interface DirectoryRegistration {
  /** The kind of the agent, as a word of your choice. */
  readonly type: string;
  /** The address of the agent. */
  readonly address: string;
  /**
   * Further properties of the agent.
   *
   * @default {none}
   */
  readonly properties?: DirectoryProperties | undefined;
  /**
   * The caller's secret, needed to change or withdraw the entry: 16 or more
   * characters that nobody can guess.
   *
   * @default {a random one}
   */
  readonly key?: string | undefined;
  /**
   * Hides the entry until it is registered again with its key. For an agent
   * that cannot be called yet.
   *
   * @default {false}
   */
  readonly isHidden?: boolean | undefined;
}

/** Selects entries. */
export interface DirectoryQuery {
  /**
   * The type of the entries.
   *
   * @default {any}
   */
  readonly type?: string | undefined;
  /**
   * The wanted properties of the entries: for each name a value, or a list of
   * accepted values. An entry without the property does not match.
   *
   * @default {any}
   */
  readonly match?:
    | Readonly<
      Record<string, DirectoryPropertyValue | readonly DirectoryPropertyValue[]>
    >
    | undefined;
}

/** The argument of `Directory.lookUp`: selects one page of entries. */
export interface DirectoryPage extends DirectoryQuery {
  /**
   * The most entries to return, up to 256.
   *
   * @default {256}
   */
  readonly limit?: number | undefined;
  /**
   * Selects entries with a larger `id`. Pass the last `id` of the previous
   * page.
   *
   * @default {0}
   */
  readonly after?: number | undefined;
}

/**
 * The most entries of one page. A page fits into one frame, even with the
 * largest entries.
 */
export const DIRECTORY_PAGE_SIZE = 256;

/**
 * The state, as a directory sends it, of an entry that matches or has matched a
 * query.
 */
export interface DirectoryNews {
  /** The id of the entry. */
  readonly id: number;
  /** The entry; `null` if it is gone, or does not match any more. */
  readonly entry: DirectoryEntry | null;
}

/** A change of an entry, as a subscriber sees it. */
export interface DirectoryChange {
  /**
   * `"added"`: the entry is new, or now matches the query. `"changed"`: its
   * properties have changed. `"removed"`: it is gone, or does not match any
   * more.
   */
  readonly kind: "added" | "changed" | "removed";
  /** The entry. A removed entry is shown as it was last sent. */
  readonly entry: DirectoryEntry;
}

/** The sizes of a directory's tables. */
export interface DirectoryStats {
  /** The number of entries, including hidden ones. */
  readonly entries: number;
  /** The number of subscribers. */
  readonly subscribers: number;
}

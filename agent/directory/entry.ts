/** The value of a property. A number must be finite. */
export type DirectoryPropertyValue = string | number | boolean | null;

/** Properties of an agent, by name. */
export type DirectoryProperties = Readonly<
  Record<string, DirectoryPropertyValue>
>;

/** The entry of an agent: plain data. */
export interface DirectoryEntry {
  /** Names the entry while the directory lives. Ids of later entries are larger. */
  readonly id: number;
  /** The address of the agent. */
  readonly address: string;
  /** The kind of the agent, in a word of your choice. */
  readonly type: string;
  /** Further properties of the agent. */
  readonly properties: DirectoryProperties;
}

/** The argument of `Directory.register`. */
export interface DirectoryRegistration {
  /** The kind of the agent, in a word of your choice. */
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
   * The caller's secret, which is needed to change and withdraw the entry: 16
   * characters or more that nobody can guess.
   *
   * @default {a random one}
   */
  readonly key?: string | undefined;
  /**
   * Hides the entry until it is registered again with its key: for an agent that
   * cannot be called yet.
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
   * The properties of the entries: for each a value, or a list of values of
   * which the entry has one. An entry without the property does not fit.
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
   * Selects entries with a larger `id`: those after the last page.
   *
   * @default {0}
   */
  readonly after?: number | undefined;
}

/** The most entries of one page. They fit into a frame, whatever they hold. */
export const DIRECTORY_PAGE_SIZE = 256;

/** The state of an entry that fits a query, or did, as a directory sends it. */
export interface DirectoryNews {
  /** The id of the entry. */
  readonly id: number;
  /** The entry; `null` if it is gone, or does not fit any more. */
  readonly entry: DirectoryEntry | null;
}

/** A change of an entry, as a subscriber sees it. */
export interface DirectoryChange {
  /**
   * `"added"`: the entry is there, or has come to fit the query. `"changed"`: it
   * has other properties. `"removed"`: it is gone, or does not fit any more.
   */
  readonly kind: "added" | "changed" | "removed";
  /** The entry; a removed one as it was sent last. */
  readonly entry: DirectoryEntry;
}

/** The sizes of a directory's tables. */
export interface DirectoryStats {
  /** The number of entries, including those that are hidden. */
  readonly entries: number;
  /** The number of subscribers. */
  readonly subscribers: number;
}

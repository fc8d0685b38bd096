/** What the value of a property can be. A number must be finite. */
export type DirectoryPropertyValue = string | number | boolean | null;

/** Properties of an agent, by name. */
export type DirectoryProperties = Readonly<
  Record<string, DirectoryPropertyValue>
>;

/** What a directory tells of an agent: plain data. */
export interface DirectoryEntry {
  /** Names the entry, as long as the directory lives. Later ones are larger. */
  readonly id: number;
  /** The address of the agent. */
  readonly address: string;
  /** What kind of agent it is, in a word of your choice. */
  readonly type: string;
  /** What else it tells of itself. */
  readonly properties: DirectoryProperties;
}

/** What `Directory.register` takes. */
export interface DirectoryRegistration {
  /** What kind of agent it is, in a word of your choice. */
  readonly type: string;
  /** The address of the agent. */
  readonly address: string;
  /**
   * What else it tells of itself.
   *
   * @default {none}
   */
  readonly properties?: DirectoryProperties | undefined;
  /**
   * The secret of the one who registers, by which the entry can be changed and
   * withdrawn: 16 characters or more that nobody can guess.
   *
   * @default {a random one}
   */
  readonly key?: string | undefined;
}

/** Which entries are meant. */
export interface DirectoryQuery {
  /**
   * Their type.
   *
   * @default {any}
   */
  readonly type?: string | undefined;
  /**
   * What properties they have: each a value, or a list of which it is one. An
   * entry without such a property is not meant.
   *
   * @default {any}
   */
  readonly match?:
    | Readonly<
      Record<string, DirectoryPropertyValue | readonly DirectoryPropertyValue[]>
    >
    | undefined;
}

/** What `Directory.lookUp` takes: one page of what a query means. */
export interface DirectoryPage extends DirectoryQuery {
  /**
   * How many entries are wanted at most, up to `DIRECTORY_PAGE_SIZE`.
   *
   * @default {DIRECTORY_PAGE_SIZE}
   */
  readonly limit?: number | undefined;
  /**
   * Only entries with a larger `id` are wanted: those after the last page.
   *
   * @default {0}
   */
  readonly after?: number | undefined;
}

/**
 * With how many entries one look-up is answered at most. So many fit into a
 * frame, whatever is in them.
 */
export const DIRECTORY_PAGE_SIZE = 256;

/** What became of an entry that a subscriber wants to know of. */
export interface DirectoryChange {
  /**
   * `"added"`: it is there, or has come to be meant by the query. `"changed"`:
   * it has other properties. `"removed"`: it is gone, or is not meant any more.
   */
  readonly kind: "added" | "changed" | "removed";
  /** The entry; one that was removed as it was told of last. */
  readonly entry: DirectoryEntry;
}

/** The sizes of a directory's tables. */
export interface DirectoryStats {
  /** Entries that can be looked up. */
  readonly entries: number;
  /** About how much memory all registrations take, in bytes. */
  readonly bytes: number;
  /** Registrations of agents that have not been reached yet. */
  readonly waiting: number;
  /** Agents that are watched. */
  readonly agents: number;
  /** Those who are told of changes. */
  readonly subscribers: number;
}

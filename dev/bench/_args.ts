/** What `dev/bench/main.ts` is asked for. */
export interface Arguments {
  /** Few and short runs: to try it out, not to judge by. */
  readonly quick: boolean;
  /** Only what matches each of these words; empty for all. */
  readonly only: readonly string[];
  /** Where to write the figures as JSON; `null` for nowhere. */
  readonly json: string | null;
  /** Whether to put tables and charts into the guide. */
  readonly write: boolean;
  /** A folder for CPU profiles of the servers; `null` for none. */
  readonly serverProfiles: string | null;
}

/** How to call it. */
export const USAGE: string = `Usage: deno task bench [OPTION …]

  --quick                    few and short runs: to try it out, not to judge by
  --only=WORD,WORD           only what has all of these words, as in
                             --only=tcp,rpc,64; there are subjects; tcp, unix,
                             memory, worker; figures, targets; call, echo,
                             stream, clients, connect; 1, 64, 1024 (in flight),
                             1KiB, 64KiB, 1MiB; killed, bytes, start
  --json=FILE                write the figures to a file, too
  --write                    put tables and charts into docs/performance.md
  --server-profiles=FOLDER   write CPU profiles of the servers`;

/** Each option, and whether it has a value. */
const OPTIONS: ReadonlyMap<string, boolean> = new Map([
  ["--quick", false],
  ["--only", true],
  ["--json", true],
  ["--write", false],
  ["--server-profiles", true],
]);

/**
 * Reads the arguments.
 *
 * @throws {TypeError} If there is one that it does not know, or the guide
 * would get less than all figures.
 */
export function parseArguments(args: readonly string[]): Arguments {
  const values = new Map<string, string>();
  for (const arg of args) {
    const [, name, value] = /^(--[a-z-]+)(?:=(.+))?$/.exec(arg) ?? [];
    if (
      name === undefined || OPTIONS.get(name) !== (value !== undefined)
    ) {
      throw new TypeError(`Cannot use argument '${arg}'\n\n${USAGE}`);
    }
    values.set(name, value ?? "");
  }
  const write = values.has("--write");
  if (write && (values.has("--quick") || values.has("--only"))) {
    throw new TypeError(
      "Cannot write the guide with '--quick' or '--only': it holds all figures",
    );
  }
  return {
    quick: values.has("--quick"),
    only: values.get("--only")?.split(",") ?? [],
    json: values.get("--json") ?? null,
    write,
    serverProfiles: values.get("--server-profiles") ?? null,
  };
}

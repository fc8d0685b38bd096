/** What `bench/main.ts` is asked for. */
export interface Arguments {
  /** Few and short pairs: to try it out, not to judge by. */
  readonly quick: boolean;
  /** Only rows that match each of these words; empty for all. */
  readonly only: readonly string[];
  /** Where to write the figures as JSON; `null` for nowhere. */
  readonly json: string | null;
  /** A folder for CPU profiles of the servers; `null` for none. */
  readonly serverProfiles: string | null;
}

/** How to call it. */
export const USAGE: string = `Usage: deno task bench [OPTION …]

  --quick                    few and short pairs: to try it out, not to judge by
  --only=WORD,WORD           only rows with all of these words, as in --only=tcp,64
  --json=FILE                write the figures to a file, too
  --server-profiles=FOLDER   write CPU profiles of the servers`;

/**
 * Reads the arguments.
 *
 * @throws {TypeError} If there is one that it does not know.
 */
export function parseArguments(args: readonly string[]): Arguments {
  const values = new Map<string, string>();
  for (const arg of args) {
    const [, name, value] = /^(--[a-z-]+)(?:=(.+))?$/.exec(arg) ?? [];
    const wantsValue = name !== "--quick";
    if (
      name === undefined || !NAMES.includes(name) ||
      wantsValue !== (value !== undefined)
    ) {
      throw new TypeError(`Cannot use argument '${arg}'\n\n${USAGE}`);
    }
    values.set(name, value ?? "");
  }
  return {
    quick: values.has("--quick"),
    only: values.get("--only")?.split(",") ?? [],
    json: values.get("--json") ?? null,
    serverProfiles: values.get("--server-profiles") ?? null,
  };
}

const NAMES = ["--quick", "--only", "--json", "--server-profiles"];

/** Prints a line. */
export function print(line: string): void {
  // deno-lint-ignore no-console -- the demo speaks to people, all from here
  console.log(line);
}

/** A line that shows progress. */
export interface Progress {
  /** Counts one more finished item. */
  advance(): void;
  /** Ends the line. */
  end(): void;
}

/**
 * Starts a line that counts to `total`. On a terminal it is updated in place;
 * elsewhere a number is appended at each quarter.
 */
export function startProgress(what: string, total: number): Progress {
  const live = Deno.stdout.isTerminal();
  const step = live ? total / 100 : total / 4;
  let done = 0;
  write(`  ${what}:`);
  return {
    advance: () => {
      if (++done % step !== 0) return;
      const count = done.toLocaleString("en");
      const of = `of ${total.toLocaleString("en")} greeted`;
      if (live) write(`\r  ${what}: ${count} ${of}`);
      else write(done < total ? ` ${count},` : ` ${count} ${of}`);
    },
    end: () => write("\n"),
  };
}

/** A line that is updated in place. */
export interface LiveLine {
  /**
   * Replaces the line with `text`. Outside a terminal, only milestones are
   * shown, one line each.
   */
  show(text: string, isMilestone: boolean): void;
  /** Ends the line. */
  end(): void;
}

/** Starts a line that is updated in place. */
export function startLiveLine(): LiveLine {
  const live = Deno.stdout.isTerminal();
  return {
    show: (text, isMilestone) => {
      if (live) write(`\r${text}\x1b[K`);
      else if (isMilestone) print(text);
    },
    end: () => {
      if (live) write("\n");
    },
  };
}

const encoder = new TextEncoder();

function write(text: string): void {
  const bytes = encoder.encode(text);
  for (let at = 0; at < bytes.length;) {
    at += Deno.stdout.writeSync(bytes.subarray(at));
  }
}

/**
 * How the processes of the benchmark talk: a line of JSON asks, a line of JSON
 * answers, over standard input and output.
 */

/** What answers a command. */
export type Answering = (command: unknown) => Promise<unknown> | unknown;

/** Stands before each line, so that what a library prints is told apart. */
const MARK = "@bench ";

/** How one process answers another. */
export type Reply = { readonly answer: unknown } | { readonly error: string };

/**
 * Answers the commands on standard input, one after another, until it ends,
 * which happens even if the process at its other end is killed.
 */
export async function answerCommands(answering: Answering): Promise<void> {
  const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream());
  for await (const command of readLines(lines)) {
    say(await settle(() => answering(JSON.parse(command))));
  }
}

/** Says something that was not asked for, such as an address. */
export async function announce(act: () => Promise<unknown>): Promise<boolean> {
  const reply = await settle(act);
  say(reply);
  return "answer" in reply;
}

async function settle(act: Answering | (() => unknown)): Promise<Reply> {
  try {
    return { answer: await act(undefined) ?? null };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

function say(reply: Reply): void {
  const line = new TextEncoder().encode(`${MARK}${JSON.stringify(reply)}\n`);
  for (let at = 0; at < line.length;) {
    at += Deno.stdout.writeSync(line.subarray(at));
  }
}

/** Reads one reply from the lines of a process. */
export function parseReply(line: string): Reply | null {
  return line.startsWith(MARK) ? JSON.parse(line.slice(MARK.length)) : null;
}

/** Cuts text into lines. */
export async function* readLines(
  parts: AsyncIterable<string>,
): AsyncGenerator<string> {
  let text = "";
  for await (const part of parts) {
    const lines = (text + part).split("\n");
    text = lines.pop()!;
    yield* lines;
  }
}

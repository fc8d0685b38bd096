import type { Channel } from "@denomas/denomas/channel";
import { percentile } from "./percentile.ts";
import { print, startProgress } from "../print.ts";

/** The number of guests that ask at the same time. */
const GUESTS = 1_000;
/** The number of requests per guest, each sent after the previous answer. */
const GREETINGS = 10;

/** The figures of serving a crowd. */
export interface Figures {
  readonly requests: number;
  /** Requests that failed or got a wrong answer. */
  readonly errors: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Lets a thousand guests be greeted in parallel, ten times each. */
export async function greetCrowd(channel: Channel): Promise<Figures> {
  const requests = GUESTS * GREETINGS;
  const progress = startProgress("1,000 guests at once", requests);
  const timesMs: number[] = [];
  const mistakes: string[] = [];

  async function greetGuest(name: string): Promise<void> {
    for (let greeting = 0; greeting < GREETINGS; greeting++) {
      const startedAt = performance.now();
      const mistake = await findMistake(channel, name);
      timesMs.push(performance.now() - startedAt);
      if (mistake !== null) mistakes.push(mistake);
      progress.advance();
    }
  }

  const startedAt = performance.now();
  const guests = Array.from({ length: GUESTS }, (_, n) => `guest ${n}`);
  await Promise.all(guests.map(greetGuest));
  const elapsedMs = performance.now() - startedAt;

  progress.end();
  if (mistakes.length > 0) {
    print(`  ${mistakes.length} mistakes, the first: ${mistakes[0]}`);
  }
  timesMs.sort((a, b) => a - b);
  return {
    requests,
    errors: mistakes.length,
    perSecond: requests / elapsedMs * 1000,
    p50Ms: percentile(timesMs, 50),
    p99Ms: percentile(timesMs, 99),
  };
}

/** Asks once; returns the problem with the reply, or `null`. */
async function findMistake(
  channel: Channel,
  name: string,
): Promise<string | null> {
  try {
    const said = await channel.send({ name, language: "en" });
    return said === `Hello, ${name}` ? null : `'${name}' was told '${said}'`;
  } catch (error) {
    return `'${name}' was not greeted: ${error}`;
  }
}

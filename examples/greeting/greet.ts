import type { Channel } from "@denomas/denomas/channel";

const WORDS: ReadonlyMap<unknown, string> = new Map([
  ["en", "Hello"],
  ["fr", "Bonjour"],
  ["nl", "Hallo"],
]);

/** Serves one client: greets every guest it names. */
export async function greet(channel: Channel): Promise<void> {
  for await (const request of channel) {
    // Not awaited, so that no guest waits for the answer to another.
    compose(channel, request.content).then(
      (greeting) => request.reply(greeting),
      (error) => request.fail(error),
    );
  }
}

async function compose(channel: Channel, content: unknown): Promise<string> {
  const { name, language } = parseGuest(content);
  // A channel works in both directions: the server may also ask its client.
  const answer = language ?? await channel.send(`Which language, ${name}?`);
  const word = WORDS.get(answer);
  if (word === undefined) {
    throw new RangeError(
      `Cannot greet '${name}' in '${answer}': choose one of '${
        [...WORDS.keys()].join("', '")
      }'`,
    );
  }
  return `${word}, ${name}`;
}

interface Guest {
  readonly name: string;
  readonly language?: unknown;
}

/** Validates a request: the peer is not trusted. */
function parseGuest(content: unknown): Guest {
  if (
    typeof content === "object" && content !== null &&
    "name" in content && typeof content.name === "string"
  ) {
    return content as Guest;
  }
  throw new TypeError("Cannot greet: no guest given, send { name, language }");
}

import { type Channel, RemoteError } from "@denomas/denomas/channel";
import { print } from "../print.ts";

/**
 * Has a short conversation with the server, and prints it.
 *
 * @throws {Error} If the server says something unexpected.
 */
export async function converse(channel: Channel): Promise<void> {
  await ask(channel, { name: "Ada", language: "en" }, "Hello, Ada");

  // Without a language, the server asks back before it answers.
  await Promise.all([
    ask(channel, { name: "Grace" }, "Bonjour, Grace"),
    answerQuestion(channel, "Which language, Grace?", "fr"),
  ]);

  // An error that the server throws arrives as an error with its message.
  await ask(
    channel,
    { name: "Edsger", language: "la" },
    "RangeError: Cannot greet 'Edsger' in 'la': choose one of 'en', 'fr', 'nl'",
  );
}

async function ask(
  channel: Channel,
  guest: { name: string; language?: string },
  wanted: string,
): Promise<void> {
  say("client", JSON.stringify(guest));
  let said: unknown;
  try {
    said = await channel.send(guest);
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    said = `${error.remoteName}: ${error.message}`;
  }
  say("server", said);
  expect(said, wanted);
}

async function answerQuestion(
  channel: Channel,
  wanted: string,
  answer: string,
): Promise<void> {
  const question = await channel.recv();
  say("server", question.content);
  expect(question.content, wanted);
  say("client", answer);
  await question.reply(answer);
}

function say(who: string, what: unknown): void {
  print(`  ${who}  ${what}`);
}

function expect(said: unknown, wanted: string): void {
  if (said === wanted) return;
  throw new Error(`The server said '${said}', wanted '${wanted}'`);
}

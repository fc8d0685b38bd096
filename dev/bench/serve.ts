/**
 * The server's side of a subject, in a process of its own:
 * `serve.ts SUBJECT ADDRESS`. Says the real address, and tells what it used,
 * or what memory it holds, whenever it is asked, until its standard input ends.
 *
 * @module
 */
import { settledBytes } from "../shared/heap.ts";
import { announce, answerCommands } from "./_commands.ts";
import { readUsage } from "./_usage.ts";
import { subjectNamed } from "./subjects/all.ts";

const [name = "", address = "tcp://127.0.0.1:0"] = Deno.args;

await using stack = new AsyncDisposableStack();
const serves = await announce(async () => {
  const subject = await subjectNamed(name);
  return stack.use(await subject.serve(address)).address;
});
if (serves) {
  await answerCommands((command) =>
    command === "memory" ? settledBytes() : readUsage()
  );
}

/**
 * The server's side of a subject, in a process of its own:
 * `serve.ts SUBJECT ADDRESS`. Prints the real address and serves until its
 * standard input ends.
 *
 * @module
 */
import { print } from "./_print.ts";
import { subjectNamed } from "./subjects/all.ts";

const [name, address = "tcp://127.0.0.1:0"] = Deno.args;

await using serving = await subjectNamed(name).serve(address);
print(serving.address);
for await (const _ of Deno.stdin.readable) {
  // Only its end matters.
}

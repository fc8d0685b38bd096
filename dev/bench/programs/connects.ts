/** Connects to a subject, calls it and closes, a given number of times. */
import { subjectNamed } from "../subjects/all.ts";

const [name = "", count = ""] = Deno.args;
const subject = await subjectNamed(name);
await using serving = await subject.serve("tcp://127.0.0.1:0");
for (let n = 0; n < Number(count); n++) {
  await using caller = await subject.connect(serving.address);
  await caller.call({ name: "Ada", n });
}

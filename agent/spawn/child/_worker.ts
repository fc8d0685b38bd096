import { Console } from "node:console";
import { Writable } from "node:stream";
import type { ControlPoint, LineSource, WorkerOutput } from "../_control.ts";
import { Child } from "../_child.ts";

addEventListener(
  "message",
  (event) => main((event as MessageEvent<ControlPoint>).data),
  { once: true },
);

/** Runs the container of this Worker. The parent terminates the Worker. */
async function main({ output, ...point }: ControlPoint): Promise<void> {
  const post = (it: WorkerOutput) => output!.postMessage(it);
  const stream = (from: LineSource) =>
    new Writable({
      decodeStrings: false,
      write(text: unknown, _encoding, done) {
        post({ text: String(text), from });
        done();
      },
    });
  // Otherwise the console would print to the standard streams of the process.
  globalThis.console = new Console({
    stdout: stream("stdout"),
    stderr: stream("stderr"),
    colorMode: false,
  });
  const child = new Child({
    hasPermissions: false,
    print: (text) => post({ text, from: "stderr" }),
    exit: (code) => post({ code }),
  });
  child.takeUncaught();
  await child.connect(point);
}

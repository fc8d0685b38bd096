import { Console } from "node:console";
import { Writable } from "node:stream";
import {
  connectToParent,
  type ControlPoint,
  type LineSource,
  type WorkerOutput,
} from "../_control.ts";
import { onUncaught, runContainer } from "./_run.ts";

addEventListener(
  "message",
  (event) => main((event as MessageEvent<ControlPoint>).data),
  { once: true },
);

/** Runs the container of this Worker; at its end the parent ends the Worker. */
async function main(point: ControlPoint): Promise<void> {
  const { remote } = await connectToParent(point);
  const post = (it: WorkerOutput) => point.output!.postMessage(it);
  const end = (code: number) => post({ code });
  const stream = (from: LineSource) =>
    new Writable({
      decodeStrings: false,
      write(text: unknown, _encoding, done) {
        post({ text: String(text), from });
        done();
      },
    });
  // Else it would print to the standard streams of the process.
  globalThis.console = new Console({
    stdout: stream("stdout"),
    stderr: stream("stderr"),
    colorMode: false,
  });
  onUncaught((text) => post({ text, from: "stderr" }), end);
  end(await runContainer(remote, point.token) ? 0 : 1);
}

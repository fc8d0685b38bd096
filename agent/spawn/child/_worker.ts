import { Console } from "node:console";
import { Writable } from "node:stream";
import {
  connectToParent,
  type ControlPoint,
  type LineSource,
} from "../_control.ts";
import { onUncaught, runContainer } from "./_run.ts";

addEventListener(
  "message",
  (event) => main((event as MessageEvent<ControlPoint>).data),
  { once: true },
);

/** The length from which a text is passed on by a call of its own. */
const MAX_TEXT = 65_536;

/** Runs the container of this Worker; at its end the parent ends the Worker. */
async function main(point: ControlPoint): Promise<void> {
  const { remote } = await connectToParent(point);
  // One call at a time, however much is printed at once.
  const texts: { text: string; readonly from: LineSource }[] = [];
  let printing: Promise<void> | null = null;
  const passOn = async () => {
    for (let next; (next = texts.shift()) !== undefined;) {
      // The parent ends this Worker if the connection is lost.
      await remote.print(next.text, next.from).catch(() => {});
    }
    printing = null;
  };
  const print = (text: string, from: LineSource) => {
    const last = texts.at(-1);
    const isShort = last?.from === from && last.text.length < MAX_TEXT;
    if (isShort) last.text += text;
    else texts.push({ text, from });
    printing ??= passOn();
  };
  const stream = (from: LineSource) =>
    new Writable({
      decodeStrings: false,
      write(text: unknown, _encoding, done) {
        print(String(text), from);
        done();
      },
    });
  // Else it would print to the standard streams of the process.
  globalThis.console = new Console({
    stdout: stream("stdout"),
    stderr: stream("stderr"),
    colorMode: false,
  });
  const end = async (code: number) => {
    await printing;
    await remote.ended(code);
  };
  onUncaught((text) => print(text, "stderr"), end);
  await end(await runContainer(remote, point.token) ? 0 : 1);
}

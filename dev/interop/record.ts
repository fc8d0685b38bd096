/**
 * Makes aiomas and denomas call each other, and saves the frames they send in
 * the files of `vectors/`.
 *
 * @module
 */

import { print, printError } from "../checks/_print.ts";
import {
  type Exchange,
  RECORDED,
  type RecordedFrame,
  showFrame,
  type VectorFile,
  vectorFile,
} from "./vectors.ts";
import type { Side, Versions } from "./matrix.ts";
import { env, PythonPeer } from "./python_peer.ts";
import { callAiomas, serveAiomas, type Try } from "./sessions.ts";
import { callHere, serveThere } from "./with_aiomas.ts";

type Wanted = Omit<Exchange, "frames">;

/** Records the frames of an exchange in order. */
class Recorder {
  readonly frames: RecordedFrame[] = [];
  readonly #python: PythonPeer;
  readonly #wanted: Wanted;

  constructor(python: PythonPeer, wanted: Wanted) {
    this.#python = python;
    this.#wanted = wanted;
  }

  readonly attempt: Try = async (meaning, act) => {
    await act();
    const taken = await this.#python.ask<[Side, string][]>("recorded");
    for (const [from, hex] of taken) {
      const shows = showFrame(this.#wanted.codec, hex);
      this.frames.push({ from, meaning, hex, shows });
    }
  };
}

async function record(wanted: Wanted): Promise<Exchange> {
  await using python = new PythonPeer();
  await python.ask("record");
  const { attempt, frames } = new Recorder(python, wanted);
  if (wanted.serves === "aiomas") {
    await callAiomas(wanted, await serveThere(python, wanted), attempt);
  } else {
    await using served = await serveAiomas(wanted);
    await callHere(python, wanted, served.address, attempt);
  }
  return { ...wanted, frames };
}

async function main(): Promise<number> {
  if ("missing" in env) {
    printError(`Recording: there is no aiomas here, ${env.missing}`);
    return 1;
  }
  await using python = new PythonPeer();
  const { aiomas } = await python.ask<Versions>("versions");
  const files = new Map<string, Exchange[]>();
  for (const wanted of RECORDED) {
    const { href } = vectorFile(wanted);
    files.set(href, [...files.get(href) ?? [], await record(wanted)]);
  }
  for (const [href, exchanges] of files) {
    const file: VectorFile = { aiomas, exchanges };
    const text = JSON.stringify(file, null, 2) + "\n";
    await Deno.writeTextFile(new URL(href), text);
    print(`${href.split("/").at(-1)} is written`);
  }
  return 0;
}

if (import.meta.main) Deno.exit(await main());

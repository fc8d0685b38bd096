/**
 * comlink 4.4.2 (npm, Apache-2.0), by structured clones to a Worker.
 *
 * Set up as its README says ("Running a simple function"): the Worker exposes
 * an object, and the client wraps the Worker.
 *
 * Left off: `transfer`, which would take from the client the bytes that it
 * sends again and again, and streams, which it does not have. Nothing ends the
 * calls under way when the Worker ends.
 *
 * @module
 */
import type { ComlinkApi } from "./_comlink_worker.ts";
import { load } from "./_load.ts";
import type { Peer } from "./_peer.ts";

/** A client knows no more than an address, and a Worker has none. */
const workers = new Map<string, Worker>();

/** An object in a Worker by comlink. */
export const comlink: Peer = {
  name: "comlink",
  place: "worker",
  payload: "bytes",
  serve: () => {
    const address = `worker://${crypto.randomUUID()}`;
    const worker = new Worker(import.meta.resolve("./_comlink_worker.ts"), {
      type: "module",
      name: address,
    });
    workers.set(address, worker);
    return Promise.resolve({
      address,
      [Symbol.asyncDispose]: () => {
        workers.delete(address);
        worker.terminate();
        return Promise.resolve();
      },
    });
  },
  connect: async (address) => {
    const library = await load("comlink");
    const worker = workers.get(address);
    if (worker === undefined) {
      throw new TypeError(
        `Cannot connect to '${address}': no such Worker, serve in this process`,
      );
    }
    const remote = library.wrap<ComlinkApi>(worker);
    return {
      call: (question) => remote.answer(question),
      echo: (payload) => remote.echo(payload),
      hang: () => remote.hang(),
      [Symbol.asyncDispose]: () => {
        remote[library.releaseProxy]();
        return Promise.resolve();
      },
    };
  },
};

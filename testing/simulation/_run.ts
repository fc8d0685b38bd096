import { observe, useWorld, world } from "../../transports/internal.ts";
import { patchGlobals } from "./_globals.ts";
import type { RunOptions, RunOutcome, SimulationBody } from "./_outcome.ts";
import { realTurn } from "./_scheduler.ts";
import { SimulatedWorld } from "./_simulated_world.ts";
import { virtualWorld } from "./_virtual_world.ts";

/** Runs `body` in a new simulated world until nothing is left to run. */
export async function runSeed(
  body: SimulationBody,
  options: RunOptions,
): Promise<RunOutcome> {
  const sim = new SimulatedWorld(options);
  const { scheduler, root, network } = sim;
  const restoreWorld = useWorld(
    virtualWorld(scheduler, {
      memory: network.transport,
      note: (text) => sim.noteError(text),
    }, world),
  );
  const stopObserving = observe(sim.watcher);
  const onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    sim.fail(event.reason);
  };
  globalThis.addEventListener("unhandledrejection", onRejection);
  const restoreGlobals = patchGlobals(
    scheduler,
    options.sockets ? null : (error) => sim.fail(error),
  );
  try {
    return await root.run(async () => {
      await go(sim, body);
      const outcome = sim.outcome();
      await close(sim);
      return outcome;
    });
  } finally {
    restoreGlobals();
    stopObserving();
    restoreWorld();
    await realTurn();
    globalThis.removeEventListener("unhandledrejection", onRejection);
  }
}

async function go(sim: SimulatedWorld, body: SimulationBody): Promise<void> {
  let isOver = false;
  const end = () => void (isOver = true);
  Promise.try(body, sim).then(end, (error) => sim.fail(error));
  try {
    const canGoOn = await sim.scheduler.run(
      () => isOver || sim.hasFailed,
      () => sim.check(),
    );
    if (canGoOn) sim.checkEnd();
    else sim.fail(sim.deadlock());
  } catch (error) {
    sim.fail(error);
  }
}

/** Closes everything, so that nothing of this run affects the next one. */
async function close(sim: SimulatedWorld): Promise<void> {
  const { root, network, scheduler } = sim;
  sim.crashAll();
  let isClosed = false;
  network.close().then(() => isClosed = true);
  await scheduler.drain(() => isClosed);
  if (!isClosed) {
    throw new Error(
      `Cannot end the simulation of seed ${sim.seed}: its network does not come to rest, so that later seeds would not be the same alone`,
    );
  }
  root.crash();
  await scheduler.drain();
}

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { runFixtures } from "../fixtures/run.ts";
import { SimulationError } from "./errors.ts";
import { explore } from "./_explore.ts";
import { lockClients } from "./fixtures/lock_service.ts";
import { parseFaults } from "./plan.ts";
import { runSeed } from "./_run.ts";

const CHAOS = { partition: 0.3, hold: 0.5, delay: 0.2, reset: 0.3 };
const SEEDS = Array.from({ length: 200 }, (_, at) => at + 1);

Deno.test("explore - finds the bug of a lock, and shrinks its plan to one fault", async () => {
  const error = await assertRejects(
    () =>
      explore(lockClients({ hasBug: true }), {
        ...{ seeds: SEEDS, untilMs: 30_000, chaos: CHAOS },
      }),
    SimulationError,
    "at most one client holds the lock",
  );
  const faults = parseFaults(error.faults);
  assertEquals(faults.length, 1, error.message);
  const { seed } = error;
  const again = await runSeed(lockClients({ hasBug: true }), { seed, faults });
  assertInstanceOf(again.failure?.error, Error);
  const fixed = await runSeed(lockClients({ hasBug: false }), { seed, faults });
  assertEquals(fixed.failure, null);
});

Deno.test("explore - fails again from the printed line, in another process", async () => {
  const folder = await Deno.makeTempDir();
  const { output } = await runFixtures(["../simulation/fixtures/lock.ts"], {
    DENOMAS_TIMELINES: `${folder}/new`,
  });
  const line = /DENOMAS_SEED=(\d+) DENOMAS_FAULTS='([^']*)'/.exec(output);
  assert(line !== null, output);
  const again = await runFixtures(["../simulation/fixtures/lock.ts"], {
    DENOMAS_TIMELINES: folder,
    DENOMAS_SEED: line[1]!,
    DENOMAS_FAULTS: line[2]!,
  });
  assertStringIncludes(again.output, line[0]);
  const path = `${folder}/new/a_lock_has_one_owner_seed_${line[1]}.html`;
  assertStringIncludes(output, `timeline: ${path}`);
  assertStringIncludes(await Deno.readTextFile(path), "<html");
  await Deno.remove(folder, { recursive: true });
  const hash = (text: string) => /have the hash (\w{8})/.exec(text)?.[1];
  assert(hash(output) !== undefined);
  assertEquals(hash(again.output), hash(output));
});

Deno.test("explore - lets a lock without the bug survive 60 seeds", async () => {
  await explore(lockClients({ hasBug: false }), {
    ...{ seeds: SEEDS.slice(0, 60), untilMs: 30_000 },
    chaos: { ...CHAOS, crash: 0.2, pause: 0.2 },
  });
});

Deno.test("explore - names the first event of a seed that differs", async () => {
  let runs = 0;
  await assertRejects(
    () =>
      explore(async (sim) => {
        await sim.sleep(1_000);
        sim.note(`run ${++runs}`);
      }, { seeds: [1] }),
    Error,
    "event 1 was '1.000 s    note: run 2' and then '1.000 s    note: run 3'",
  );
});

Deno.test("explore - fails if something is never so in several seeds", async () => {
  const body = (seed: number) =>
    explore((sim) => {
      sim.sometimes("it is the seed", () => sim.seed === seed);
      return sim.sleep(1);
    }, { seeds: [1, 2, 3] });
  await body(2);
  await assertRejects(() => body(4), Error, "Property 'it is the seed'");
});

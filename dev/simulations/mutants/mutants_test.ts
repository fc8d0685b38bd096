import { assertEquals } from "@std/assert";
import { ROOT } from "../../checks/_project.ts";
import { listScenarios } from "../_scenario.ts";
import { applyMutant, listMutants } from "./mutants.ts";

Deno.test("mutants - are ten, and each applies to the package as it is", async () => {
  const mutants = await listMutants();
  assertEquals(mutants.length, 10);
  const scenarios = await listScenarios();
  for (const mutant of mutants) {
    assertEquals([mutant.name, await applyMutant(mutant, ROOT, true)], [
      mutant.name,
      null,
    ]);
    assertEquals(scenarios.includes(mutant.scenario), true, mutant.name);
  }
});

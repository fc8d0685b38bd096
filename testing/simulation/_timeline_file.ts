import { tmpdir } from "node:os";
import { readVariable } from "../step/_environment.ts";
import { drawTimeline } from "./report/timeline.ts";
import type { SimulationTrace } from "./trace/trace.ts";

/** Names the folder of the timelines; by default that of temporary files. */
const FOLDER_VARIABLE = "DENOMAS_TIMELINES";

/**
 * Writes the timeline of a failed run of the test `name`, replacing that of an
 * earlier failure of the same seed. Returns its path, or `null` if the test may
 * not write there.
 */
export async function writeTimeline(
  name: string,
  trace: SimulationTrace,
): Promise<string | null> {
  const folder = readVariable(FOLDER_VARIABLE) || temporaryFolder();
  if (folder === null) return null;
  const slug = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "_").slice(0, 60);
  const path = `${folder}/${slug}_seed_${trace.seed}.html`;
  const { state } = Deno.permissions.querySync({ name: "write", path });
  if (state !== "granted") return null;
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(path, drawTimeline(trace));
  return path;
}

/** Returns `null` if the permissions to find the folder are missing. */
function temporaryFolder(): string | null {
  try {
    return tmpdir();
  } catch {
    return null;
  }
}

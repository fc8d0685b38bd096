import type { LineSource } from "./_spawned_host.ts";
import type { SpawnReport } from "./_spawn_setup.ts";

/** What a spawned Worker tells its parent. After `"ended"` nothing comes. */
export type WorkerMessage =
  | { readonly kind: "report"; readonly report: SpawnReport }
  | {
    readonly kind: "output";
    readonly text: string;
    readonly from: LineSource;
  }
  | { readonly kind: "ended"; readonly code: number };

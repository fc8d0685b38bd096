import type { LineSource } from "./_host.ts";
import { readReport, type SpawnReport } from "./_setup.ts";

/** What a spawned Worker tells its parent. After `"ended"` nothing comes. */
export type WorkerMessage =
  | { readonly kind: "report"; readonly report: SpawnReport }
  | {
    readonly kind: "output";
    readonly text: string;
    readonly from: LineSource;
  }
  | { readonly kind: "ended"; readonly code: number };

/**
 * The message in what arrived from a Worker; `null` for what code of the user
 * has posted there for reasons of its own.
 */
export function readWorkerMessage(data: unknown): WorkerMessage | null {
  if (typeof data !== "object" || data === null) return null;
  const { kind, report, text, from, code } = data as Record<string, unknown>;
  switch (kind) {
    case "report":
      return { kind, report: readReport(report) };
    case "output":
      if (typeof text !== "string") return null;
      return { kind, text, from: from === "stderr" ? "stderr" : "stdout" };
    case "ended":
      return typeof code === "number" ? { kind, code } : null;
    default:
      return null;
  }
}

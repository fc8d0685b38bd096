import { Lines } from "./_lines.ts";
import type { HostEnd, SpawnedHost, SpawnedHostOptions } from "./_host.ts";
import { asUrl, callOf } from "./_program.ts";
import type { SpawnOrder, SpawnReport } from "./_setup.ts";
import { readWorkerMessage, type WorkerMessage } from "./_worker_message.ts";

/**
 * A Worker that runs a container. It does not end itself, so that whatever it
 * has told is heard first.
 */
export class SpawnedWorker implements SpawnedHost {
  readonly report: Promise<SpawnReport>;
  readonly ended: Promise<HostEnd>;
  readonly #worker: Worker;
  readonly #lines: { readonly stdout: Lines; readonly stderr: Lines };
  readonly #resolveReport: (report: SpawnReport) => void;
  readonly #resolveEnded: (end: HostEnd) => void;

  /** Starts it. */
  constructor({ setup, onLine }: SpawnedHostOptions) {
    const report = Promise.withResolvers<SpawnReport>();
    this.report = report.promise;
    this.#resolveReport = report.resolve;
    const ended = Promise.withResolvers<HostEnd>();
    this.ended = ended.promise;
    this.#resolveEnded = ended.resolve;
    this.#lines = {
      stdout: new Lines((line) => onLine(line, "stdout")),
      stderr: new Lines((line) => onLine(line, "stderr")),
    };
    this.#worker = new Worker(
      asUrl(callOf("child/_worker_main.ts", "main")),
      { type: "module", name: setup.address },
    );
    this.#worker.onmessage = ({ data }) => this.#hear(readWorkerMessage(data));
    this.#worker.onerror = (event) => {
      // Else it would end this process, too.
      event.preventDefault();
      this.#lines.stderr.add(`error: ${event.message}\n`);
      this.#end(1, "ended by an error");
    };
    this.#worker.postMessage(setup);
  }

  #hear(message: WorkerMessage | null): void {
    switch (message?.kind) {
      case "report":
        return this.#resolveReport(message.report);
      case "output":
        return this.#lines[message.from].add(message.text);
      case "ended":
        return this.#end(message.code, `ended with code ${message.code}`);
    }
  }

  #end(code: number | undefined, what: string): void {
    this.#worker.onmessage = null;
    this.#worker.terminate();
    this.#lines.stdout.end();
    this.#lines.stderr.end();
    this.#resolveEnded({ code, isOrderly: code === 0, what });
  }

  close(graceMs: number): void {
    const order: SpawnOrder = { closeWithinMs: graceMs };
    this.#worker.postMessage(order);
  }

  kill(): void {
    this.#end(undefined, "was terminated");
  }
}

import { fileURLToPath } from "node:url";
import { pythonEnv } from "../checks/python_env.ts";
import { PeerProcess } from "../shared/peer_process.ts";

/** The Python that has aiomas, or the reason why it is missing. */
export const env: Awaited<ReturnType<typeof pythonEnv>> = await pythonEnv();

interface Raised {
  readonly name: string;
  readonly message: string;
  readonly remote: string | null;
  readonly trace: string;
}

/** Thrown when a request to the Python peer fails. */
export class PythonError extends Error {
  override name = "PythonError";
  /** The class of the exception. */
  readonly raised: string;
  /** The traceback that aiomas received from denomas, if any. */
  readonly remote: string | null;

  /** Creates the error from the error in a reply. */
  constructor(error: unknown) {
    const { name, message, remote, trace } = error as Raised;
    super(`${name}: ${message}`, { cause: trace });
    this.raised = name;
    this.remote = remote;
  }
}

/**
 * The program `python/peer.py`, which serves and calls with the real aiomas.
 */
export class PythonPeer extends PeerProcess {
  /** Starts the program. */
  constructor() {
    if ("missing" in env) throw new Error(`No Python: ${env.missing}`);
    const script = new URL("python/peer.py", import.meta.url);
    super([env.python, "-B", fileURLToPath(script)], {
      toError: (error) => new PythonError(error),
      mayFail: true,
    });
  }
}

/** Where a server listens; disposal ends it. */
export interface NatsServer extends AsyncDisposable {
  /** The host's name or number. */
  readonly host: string;
  /** The real port. */
  readonly port: number;
}

/** Resolves to why there can be none, or to `null` if there can. */
export async function noNatsServer(): Promise<string | null> {
  try {
    const { success } = await new Deno.Command("sh", {
      args: ["-c", "command -v nats-server"],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
    return success ? null : "there is no 'nats-server', install it";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "there is no 'sh'";
    throw error;
  }
}

/**
 * A server ends only when it is told to. This shell tells it when the shell's
 * input ends, as happens also when the process that started it is killed; and
 * it ends with the server.
 */
const UNTIL_INPUT_ENDS = `
  exec 3<&0
  nats-server "$@" 3<&- &
  server=$!
  { read -r _ <&3; kill "$server"; } &
  reader=$!
  wait "$server"
  kill "$reader"
`;

/**
 * Starts a server, on a free port if `port` is 0.
 *
 * @throws {Error} If it does not listen.
 */
export async function startNatsServer(
  host: string,
  port: number,
): Promise<NatsServer> {
  const wanted = port === 0 ? "-1" : String(port);
  const child = new Deno.Command("sh", {
    args: ["-c", UNTIL_INPUT_ENDS, "sh", "--addr", host, "--port", wanted],
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const end = async () => {
    await child.stdin.close();
    await child.status;
  };
  const log = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  try {
    const found = await portIn(log);
    const drained = drain(log);
    return {
      host,
      port: found,
      [Symbol.asyncDispose]: async () => {
        await end();
        await drained;
      },
    };
  } catch (error) {
    await end();
    await drain(log);
    throw error;
  }
}

type Log = ReadableStreamDefaultReader<string>;

/** Reads until the log says where it listens. */
async function portIn(log: Log): Promise<number> {
  let text = "";
  while (true) {
    const { done, value } = await log.read();
    if (done) break;
    text += value;
    const [, port] =
      /Listening for client connections on .*:(\d+)\s/.exec(text) ?? [];
    if (port !== undefined) return Number(port);
    if (text.includes("[FTL]")) break;
  }
  throw new Error(`Cannot start nats-server: '${text.trim()}'`);
}

/** What nobody reads would stop the server. */
async function drain(log: Log): Promise<void> {
  while (!(await log.read()).done);
}

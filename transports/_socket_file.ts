/**
 * The file of a Unix socket: made in secret, published whole, removed only by
 * its owner.
 */
import { formatAddress } from "./address.ts";
import { AddressInUseError } from "./errors.ts";
import { lifetime } from "./lifetime.ts";

/** A published socket file and which file it is. */
export interface SocketFile {
  /** Where it was published. */
  readonly path: string;
  /** Its inode, so that nobody else's is removed. */
  readonly ino: number | null;
}

/**
 * Length of `sun_path` without its final zero byte: `unix(7)` says 108 for
 * Linux, and the BSDs' `unix(4)`, which macOS follows, 104.
 */
const MAX_PATH_BYTES = Deno.build.os === "linux" ? 107 : 103;

/** Length of what is appended to make the temporary name. */
const SUFFIX_BYTES = 7;

/** Stale files are replaced this often before giving up against a rival. */
const MAX_ATTEMPTS = 5;

/**
 * Checks that the system can hold `path`, and with `extraBytes` more.
 *
 * @throws {RangeError} If it is too long.
 */
export function checkPathLength(path: string, extraBytes = 0): void {
  const bytes = new TextEncoder().encode(path).length + extraBytes;
  if (bytes <= MAX_PATH_BYTES) return;
  const reserve = extraBytes > 0
    ? ` (${extraBytes} of them for a temporary name beside it)`
    : "";
  throw new RangeError(
    `Cannot use socket '${path}': its path takes ${bytes} bytes${reserve}, the system's limit is ${MAX_PATH_BYTES}, choose a shorter folder`,
  );
}

/**
 * Listens on a temporary name, sets `mode`, and publishes it at `path` by a
 * hard link, which fails if something is there: so nobody can connect before
 * the mode is set, and of two servers one wins.
 *
 * @throws {AddressInUseError} If a server listens there, or if what is there
 * is no socket.
 * @throws {RangeError} If the path is too long.
 */
export async function publishSocket(
  path: string,
  mode: number,
): Promise<{ listener: Deno.UnixListener; file: SocketFile }> {
  checkPathLength(path, SUFFIX_BYTES);
  const temporary = temporaryName(path);
  const listener = Deno.listen({ transport: "unix", path: temporary });
  try {
    await Deno.chmod(temporary, mode);
    await link(temporary, path);
    const { ino } = await Deno.lstat(path);
    await Deno.remove(temporary);
    const file = { path, ino };
    lifetime.observer?.opened(file, "file", () => path);
    return { listener, file };
  } catch (error) {
    // Closing removes the temporary name, too.
    listener.close();
    throw error;
  }
}

/** Removes a published file, if it is still the one that was published. */
export async function retractSocket(file: SocketFile): Promise<void> {
  const now = await Deno.lstat(file.path).catch(() => null);
  if (now !== null && now.ino === file.ino) {
    // Somebody may have removed it in between, which is as well.
    await Deno.remove(file.path).catch(() => {});
  }
  lifetime.observer?.closed(file);
}

async function link(temporary: string, path: string): Promise<void> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    try {
      return await Deno.link(temporary, path);
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
    await removeStale(path);
  }
  throw inUse(path, "another server took it again and again");
}

/**
 * Removes the file at `path` if it is a socket on which nobody listens.
 *
 * Between the test and the removal a rival may have replaced it. So it is
 * first moved aside, and moved back if it turns out to be another.
 */
async function removeStale(path: string): Promise<void> {
  const found = await Deno.lstat(path).catch(() => null);
  if (found === null) return;
  if (!found.isSocket) throw inUse(path, "a file that is no socket is there");
  if (await isAlive(path)) throw inUse(path, "another server listens there");
  const aside = temporaryName(path);
  try {
    await Deno.rename(path, aside);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  const moved = await Deno.lstat(aside);
  if (moved.ino !== found.ino) await Deno.link(aside, path);
  await Deno.remove(aside);
}

async function isAlive(path: string): Promise<boolean> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function inUse(path: string, why: string): AddressInUseError {
  const address = formatAddress({ scheme: "ipc", path });
  return new AddressInUseError(
    `Cannot listen on '${address}': ${why}, choose another path or end it first`,
    address,
  );
}

function temporaryName(path: string): string {
  const random = Math.floor(Math.random() * 36 ** (SUFFIX_BYTES - 1));
  return `${path}.${random.toString(36).padStart(SUFFIX_BYTES - 1, "0")}`;
}

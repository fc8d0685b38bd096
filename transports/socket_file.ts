/**
 * The file of a Unix socket: made in secret, published whole, removed only by
 * its owner.
 */
import { dirname } from "./_path.ts";
import { formatAddress } from "./address.ts";
import { AddressInUseError } from "./errors.ts";
import { observed } from "./_observers.ts";
import { world } from "./_world.ts";

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

/** How long a program that replaces a dead socket waits for others. */
const LOCK_MS = 2_000;
const LOCK_POLL_MS = 5;

/** Length of what is appended to make the temporary name. */
const SUFFIX_BYTES = ".abcdef/s".length;

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
 * Listens in a folder that only the owner can enter, sets `mode`, and
 * publishes the socket at `path` by a hard link, which fails if something is
 * there: so nobody can connect before the mode is set, and of two servers one
 * wins.
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
  const folder = `${path}.${randomName()}`;
  await Deno.mkdir(folder, { mode: 0o700 });
  let listener: Deno.UnixListener | null = null;
  try {
    const temporary = `${folder}/s`;
    listener = Deno.listen({ transport: "unix", path: temporary });
    await Deno.chmod(temporary, mode);
    const { ino } = await Deno.lstat(temporary);
    await publish(temporary, path);
    await Deno.remove(folder, { recursive: true });
    const file = { path, ino };
    observed.by?.opened(file, "file", () => path);
    return { listener, file };
  } catch (error) {
    listener?.close();
    await Deno.remove(folder, { recursive: true });
    throw error;
  }
}

/**
 * Removes a published file, if it is still the one that was published. To be
 * called while its server still listens: a dead socket may be replaced by
 * another server between the look and the removal.
 */
export async function retractSocket(file: SocketFile): Promise<void> {
  const ino = await inodeOf(file.path);
  if (ino !== null && ino === file.ino) {
    // Somebody may have removed it in between, which is as well.
    await Deno.remove(file.path).catch(() => {});
  }
  observed.by?.closed(file);
}

/** Which file is at `path`, or `null` if there is none. */
export async function inodeOf(path: string): Promise<number | null> {
  return (await Deno.lstat(path).catch(() => null))?.ino ?? null;
}

/**
 * Removes the file of a socket whose owner is gone and cannot do so itself: one
 * on which nobody listens, or the one that is known by `ino`.
 */
export async function removeSocketOf(
  path: string,
  ino: number | null,
): Promise<void> {
  try {
    using _lock = await lockFolderOf(path);
    const isKnown = ino !== null && await inodeOf(path) === ino;
    if (isKnown || await isDeadSocket(path)) await Deno.remove(path);
  } catch (error) {
    // Somebody else's, or the whole folder is gone already.
    if (error instanceof AddressInUseError) return;
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
}

/**
 * Links `temporary` to `path`, where at most a dead socket may be.
 *
 * Between the look at a dead socket and its removal a rival may have replaced
 * it. So only the holder of the folder's lock, which ends with its process,
 * looks and removes; and a server that closes removes its file before it
 * stops listening, so that a dead socket has no owner that might remove it.
 */
async function publish(temporary: string, path: string): Promise<void> {
  if (await tryLink(temporary, path)) return;
  // Whoever finds another server need not wait for the lock.
  await isDeadSocket(path);
  using _lock = await lockFolderOf(path);
  const until = world.now() + LOCK_MS;
  while (!await tryLink(temporary, path)) {
    if (await isDeadSocket(path)) await Deno.remove(path);
    if (world.now() > until) {
      throw inUse(path, "another program puts files there again and again");
    }
  }
}

/**
 * Takes the lock of the folder that `path` is in. Every program that can read
 * the folder can hold its lock, for as long as it likes: so this does not wait
 * for longer than a server takes to replace a dead socket.
 *
 * @throws {AddressInUseError} If another program holds it for too long.
 */
async function lockFolderOf(path: string): Promise<Disposable> {
  const folder = await Deno.open(dirname(path));
  const until = world.now() + LOCK_MS;
  try {
    while (!await folder.tryLock(true)) {
      if (world.now() > until) {
        throw inUse(
          path,
          `a dead socket is there, and another program has held the lock of its folder for ${LOCK_MS} ms: remove the socket yourself`,
        );
      }
      await pause(LOCK_POLL_MS);
    }
    return folder;
  } catch (error) {
    folder.close();
    throw error;
  }
}

function pause(timeMs: number): Promise<void> {
  return new Promise((resolve) => world.setTimer(timeMs, resolve));
}

async function tryLink(temporary: string, path: string): Promise<boolean> {
  try {
    await Deno.link(temporary, path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
}

/**
 * Whether a socket on which nobody listens is at `path`; `false` if there is
 * nothing, or was for a moment.
 *
 * @throws {AddressInUseError} If there is something else.
 */
async function isDeadSocket(path: string): Promise<boolean> {
  const answer = await knock(path);
  if (answer === "alive") throw inUse(path, "another server listens there");
  try {
    const { isSocket } = await Deno.lstat(path);
    if (!isSocket) throw inUse(path, "a file that is no socket is there");
    return answer === "refused";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function knock(path: string): Promise<"alive" | "refused" | "gone"> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return "alive";
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return "refused";
    if (error instanceof Deno.errors.NotFound) return "gone";
    // More connections wait there to be accepted than the system holds.
    if (error instanceof Deno.errors.WouldBlock) return "alive";
    if (error instanceof Deno.errors.NotCapable) throw error;
    // It may be another user's: to remove it would be wrong in any case.
    throw inUse(path, "a socket is there that cannot be reached", error);
  }
}

function inUse(
  path: string,
  why: string,
  cause?: unknown,
): AddressInUseError {
  const address = formatAddress({ scheme: "ipc", path });
  return new AddressInUseError(
    `Cannot listen on '${address}': ${why}, choose another path or end it first`,
    { address, ...cause === undefined ? undefined : { cause } },
  );
}

function randomName(): string {
  const random = Math.floor(world.random() * 36 ** 6);
  return random.toString(36).padStart(6, "0");
}

/**
 * The file of a Unix socket: created privately, published atomically, removed
 * only by its owner.
 */
import { formatAddress } from "./address.ts";
import { AddressInUseError } from "./errors.ts";
import { observed } from "./_observers.ts";
import { world } from "./_world.ts";

/** A published socket file. */
export interface SocketFile {
  /** The path at which it was published. */
  readonly path: string;
  /** Its inode, which distinguishes it from the file of another server. */
  readonly ino: number | null;
}

/** The longest wait for other programs before a dead socket is replaced. */
const LOCK_MS = 2_000;
const LOCK_POLL_MS = 5;

/** The length of the suffix of a temporary name. */
const SUFFIX_BYTES = ".abcdef/s".length;

/**
 * Checks that the system supports a path with `extraBytes` more than `path`.
 *
 * @throws {RangeError} If it is too long.
 */
export function checkPathLength(path: string, extraBytes = 0): void {
  const bytes = new TextEncoder().encode(path).length + extraBytes;
  // The length of `sun_path` without its final zero byte: 108 by `unix(7)` of
  // Linux, 104 by `unix(4)` of the BSDs, which macOS follows. `Deno` is read only
  // here, so that other runtimes can load this file.
  const maxBytes = Deno.build.os === "linux" ? 107 : 103;
  if (bytes <= maxBytes) return;
  const reserve = extraBytes > 0
    ? ` (${extraBytes} of them for a temporary name beside it)`
    : "";
  throw new RangeError(
    `Cannot use socket '${path}': its path takes ${bytes} bytes${reserve}, the system's limit is ${maxBytes}, choose a shorter folder`,
  );
}

/**
 * Listens in a folder that only the owner can enter, sets `mode`, and publishes
 * the socket at `path` by a hard link, which fails if a file exists there. So
 * no client can connect before the mode is set, and only one of two servers
 * succeeds. The folder's path is `path`, then `.` and `name`.
 *
 * @throws {AddressInUseError} If a server listens there, or the file there is
 * not a socket.
 * @throws {RangeError} If the path is too long.
 */
export async function publishSocket(
  path: string,
  mode: number,
  name: string = randomName(),
): Promise<{ listener: Deno.UnixListener; file: SocketFile }> {
  checkPathLength(path, SUFFIX_BYTES);
  const folder = temporaryFolder(path, name);
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
 * Removes a published file, unless another file has replaced it. To be called
 * while its server still listens: another server could replace a dead socket
 * between the check and the removal.
 *
 * The file is gone when this returns: a client that learns that the server is
 * closing must not reach it again.
 */
export function retractSocket(file: SocketFile): void {
  try {
    const { ino } = Deno.lstatSync(file.path);
    if (ino !== null && ino === file.ino) Deno.removeSync(file.path);
  } catch {
    // It was already removed.
  }
  observed.by?.closed(file);
}

/** Returns the inode of the file at `path`, or `null` if there is none. */
export async function inodeOf(path: string): Promise<number | null> {
  return (await Deno.lstat(path).catch(() => null))?.ino ?? null;
}

/**
 * Removes the socket of a process that ended without removing it: a socket on
 * which no server listens, or the socket with the inode `ino`.
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
    // The socket belongs to another server, or the whole folder is gone.
    if (error instanceof AddressInUseError) return;
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
}

/** Removes the files that `publishSocket` of a killed process has left. */
export async function removeTemporary(
  path: string,
  name: string,
): Promise<void> {
  try {
    await Deno.remove(temporaryFolder(path, name), { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function temporaryFolder(path: string, name: string): string {
  return `${path}.${name}`;
}

/**
 * Links `temporary` to `path`, where only a dead socket may be.
 *
 * Another program could replace a dead socket between the check and its
 * removal. So only the holder of the folder's lock, which ends with its
 * process, checks and removes. A closing server removes its file before it
 * stops listening, so no owner is left that might remove a dead socket.
 */
async function publish(temporary: string, path: string): Promise<void> {
  if (await tryLink(temporary, path)) return;
  // Fails without waiting for the lock if another server listens.
  await isDeadSocket(path);
  using _lock = await lockFolderOf(path);
  const until = world.now() + LOCK_MS;
  while (!await tryLink(temporary, path)) {
    if (await isDeadSocket(path)) await Deno.remove(path);
    if (world.now() > until) {
      throw inUse(path, "another program keeps creating files there");
    }
  }
}

/**
 * Takes the lock of the folder that holds `path`. Any program that can read the
 * folder can hold its lock forever, so the wait is limited.
 *
 * @throws {AddressInUseError} If another program holds it for too long.
 */
async function lockFolderOf(path: string): Promise<Disposable> {
  const folder = await Deno.open(folderOf(path));
  const until = world.now() + LOCK_MS;
  try {
    while (!await folder.tryLock(true)) {
      if (world.now() > until) {
        throw inUse(
          path,
          `a dead socket is there, and another program has locked its folder for ${LOCK_MS} ms, remove the socket yourself`,
        );
      }
      await new Promise<void>((resolve) =>
        world.setTimer(LOCK_POLL_MS, resolve)
      );
    }
    return folder;
  } catch (error) {
    folder.close();
    throw error;
  }
}

/** Returns the path of the folder of a socket. */
export function folderOf(path: string): string {
  const end = path.lastIndexOf("/");
  return end === -1 ? "." : path.slice(0, end) || "/";
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
 * Returns whether `path` is a socket without a listener. Returns `false` if no
 * file is there, or if the file has just disappeared.
 *
 * @throws {AddressInUseError} If a live socket or another file is there.
 */
async function isDeadSocket(path: string): Promise<boolean> {
  const { errors } = Deno;
  try {
    const failure = await connectTo(path);
    // The queue of a live server may be full.
    if (failure === null || failure instanceof errors.WouldBlock) {
      throw inUse(path, "another server listens there");
    }
    const { isSocket } = await Deno.lstat(path);
    if (!isSocket) throw inUse(path, "the file there is not a socket");
    if (failure instanceof errors.ConnectionRefused) return true;
    if (failure instanceof errors.NotFound) return false;
    if (failure instanceof errors.NotCapable) throw failure;
    // The socket may belong to another user and must not be removed.
    throw inUse(path, "the socket there cannot be reached", failure);
  } catch (error) {
    if (error instanceof errors.NotFound) return false;
    throw error;
  }
}

/** Returns the error of an attempt to connect, or `null`. */
async function connectTo(path: string): Promise<unknown> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return null;
  } catch (error) {
    return error;
  }
}

function inUse(
  path: string,
  why: string,
  cause?: unknown,
): AddressInUseError {
  const address = formatAddress({ scheme: "ipc", path });
  return new AddressInUseError(
    `Cannot listen on '${address}': ${why}, choose another path`,
    { address, cause },
  );
}

/** Returns a random name of six characters. */
export function randomName(): string {
  const random = Math.floor(world.random() * 36 ** 6);
  return random.toString(36).padStart(6, "0");
}

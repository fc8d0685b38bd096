import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import {
  folderOf,
  inodeOf,
  publishSocket,
  removeSocketOf,
} from "./socket_file.ts";

/** Runs `body` with a path for a socket. */
async function withPath(body: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "d" });
  try {
    await body(join(folder, "s"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Leaves a socket file without a listener. */
async function leaveDead(path: string): Promise<void> {
  const { listener } = await publishSocket(path, 0o600);
  listener.close();
}

Deno.test("removeSocketOf removes a socket on which nobody listens", () =>
  withPath(async (path) => {
    await leaveDead(path);
    await removeSocketOf(path, null);
    assertEquals(await inodeOf(path), null);
    await removeSocketOf(path, null);
  }));

Deno.test("removeSocketOf removes one that still listens only if it is known", () =>
  withPath(async (path) => {
    const { listener, file } = await publishSocket(path, 0o600);
    await removeSocketOf(path, null);
    await removeSocketOf(path, file.ino! + 1);
    assertEquals(await inodeOf(path), file.ino);
    await removeSocketOf(path, file.ino);
    assertEquals(await inodeOf(path), null);
    listener.close();
  }));

Deno.test("removeSocketOf leaves what is no socket, and no folder", () =>
  withPath(async (path) => {
    await Deno.writeTextFile(path, "text");
    await removeSocketOf(path, null);
    assertEquals(await Deno.readTextFile(path), "text");
    await removeSocketOf(join(path, "..", "none", "s"), null);
  }));

Deno.test("folderOf names the folder of a socket, which may be the current one", () => {
  assertEquals(folderOf("/run/a/s"), "/run/a");
  assertEquals(folderOf("/s"), "/");
  assertEquals(folderOf("a/s"), "a");
  assertEquals(folderOf("s"), ".");
});

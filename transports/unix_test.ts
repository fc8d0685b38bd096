import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { basename } from "@std/path";
import { Stage } from "./fixtures/frame_stage.ts";
import { testTransport } from "../testing/transport_suite/transport_suite.ts";
import { AddressInUseError, ConnectError } from "./errors.ts";
import { startProcess } from "./fixtures/start_process.ts";
import { observe } from "./_observers.ts";
import type { Listener } from "./transport.ts";
import { unix } from "./unix.ts";

/** Deno has no Unix sockets on Windows. */
const HAS_NO_UNIX_SOCKETS = Deno.build.os === "windows";

/** The longest path that the system supports. */
const MAX_PATH_BYTES = Deno.build.os === "linux" ? 107 : 103;

testTransport(unix(), {
  name: "unix",
  ignore: HAS_NO_UNIX_SOCKETS,
  place: async () => {
    const folder = await Deno.makeTempDir({ prefix: "d" });
    return {
      address: `ipc://[${folder}/s]`,
      // Fails if the folder is not empty.
      dispose: () => Deno.remove(folder),
    };
  },
});

/** A new folder, and an address in it. */
interface Place {
  readonly folder: string;
  readonly path: string;
  readonly address: string;
  readonly stage: Stage;
}

/** Registers a test that must leave its folder empty. */
function test(name: string, run: (place: Place) => Promise<void>): void {
  Deno.test({
    name: `unix ${name}`,
    ignore: HAS_NO_UNIX_SOCKETS,
    timeout: 60_000,
    fn: async () => {
      const folder = await Deno.makeTempDir({ prefix: "d" });
      const path = `${folder}/s`;
      const address = `ipc://[${path}]`;
      const dispose = () => Deno.remove(folder);
      await using stage = new Stage(unix(), { address, dispose });
      await run({ folder, path, address, stage });
    },
  });
}

async function filesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) names.push(name);
  return names.sort();
}

/** Leaves a socket without a listener at `path`, as a crash does. */
async function leaveDeadSocket(path: string): Promise<void> {
  const listener = Deno.listen({ transport: "unix", path: `${path}0` });
  await Deno.link(`${path}0`, path);
  listener.close();
}

async function exchange(stage: Stage, address: string): Promise<void> {
  const { client, server } = await stage.join(address);
  client.connection.send("ping");
  await server.received(1);
  server.connection.send("pong");
  await client.received(1);
  client.close();
  await server.ended();
}

test("publishes its socket with nothing beside it, and removes it", async ({ folder, path, stage }) => {
  const listener = await stage.listen();
  assertEquals(await filesIn(folder), [basename(path)]);
  assert((await Deno.lstat(path)).isSocket);
  await listener.close();
  assertEquals(await filesIn(folder), []);
});

test("makes its socket the owner's alone unless another mode is asked for", async ({ path, address }) => {
  for (const mode of [undefined, 0o600, 0o660, 0o666]) {
    const listener = await unix({ mode }).listen(address, () => {});
    const found = (await Deno.lstat(path)).mode! & 0o777;
    assertEquals(found, mode ?? 0o600);
    await listener.close();
  }
});

test("lets nobody see its socket with another mode, whatever the umask", async ({ folder, stage }) => {
  const umask = Deno.umask(0);
  try {
    const seen = new Set<string>();
    const look = () => {
      for (const { name } of Deno.readDirSync(folder)) {
        const info = statIfThere(`${folder}/${name}`);
        if (info === null) continue;
        const mode = (info.mode! & 0o777).toString(8);
        seen.add(`${info.isSocket ? "socket" : "other"} ${mode}`);
      }
    };
    let isDone = false;
    const watching = (async () => {
      for (; !isDone; await stage.turns(1)) look();
    })();
    for (let round = 0; round < 50; round++) {
      const listener = await stage.listen();
      look();
      await listener.close();
    }
    isDone = true;
    await watching;
    // A temporary folder may appear, but no other user can open it.
    seen.delete("other 700");
    assertEquals([...seen], ["socket 600"]);
  } finally {
    Deno.umask(umask);
  }
});

function statIfThere(path: string): Deno.FileInfo | null {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    assertInstanceOf(error, Deno.errors.NotFound);
    return null;
  }
}

test("replaces the socket that a killed server left", async ({ folder, path, address, stage }) => {
  await using crashed = await startProcess("./unix_server.ts", address);
  assertEquals(crashed.line, "ready");
  await assertRejects(() => stage.listen(), AddressInUseError);
  await crashed.kill();
  assertEquals(await filesIn(folder), [basename(path)]);
  const error = await assertRejects(() => stage.connect(address), ConnectError);
  assertInstanceOf(error.cause, Deno.errors.ConnectionRefused);

  const listener = await stage.listen();
  await exchange(stage, address);
  assertEquals(await filesIn(folder), [basename(path)]);
  await listener.close();
});

test("leaves a server that listens alone", async ({ folder, path, address, stage }) => {
  await stage.listen();
  const { ino } = await Deno.lstat(path);
  for (let round = 0; round < 5; round++) {
    const error = await assertRejects(() => stage.listen(), AddressInUseError);
    assertEquals(error.address, address);
  }
  assertEquals((await Deno.lstat(path)).ino, ino);
  assertEquals(await filesIn(folder), [basename(path)]);
});

test("takes a server whose queue of connections is full for alive", async ({ path, stage }) => {
  const busy = Deno.listen({ transport: "unix", path });
  const waiting: Deno.Conn[] = [];
  try {
    // The server accepts none. The system limits how many can wait.
    while (true) waiting.push(await Deno.connect({ transport: "unix", path }));
  } catch (error) {
    // macOS refuses instead, as it does for a dead socket.
    if (Deno.build.os !== "linux") return;
    assertInstanceOf(error, Deno.errors.WouldBlock);
    await assertRejects(() => stage.listen(), AddressInUseError);
    const refused = await assertRejects(
      () => stage.connect(`ipc://[${path}]`),
      ConnectError,
    );
    assertStringIncludes(refused.message, "is full");
  } finally {
    for (const conn of waiting) conn.close();
    busy.close();
  }
});

Deno.test({
  name: "unix never replaces a socket that it may not reach",
  // Root may reach every socket.
  ignore: HAS_NO_UNIX_SOCKETS || Deno.uid() === 0,
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "d" });
    const path = `${folder}/s`;
    await leaveDeadSocket(path);
    await Deno.chmod(path, 0);
    const error = await assertRejects(
      () => unix().listen(`ipc://[${path}]`, () => {}),
      AddressInUseError,
    );
    assertInstanceOf(error.cause, Deno.errors.PermissionDenied);
    assertEquals(await filesIn(folder), [basename(path)]);
    await Deno.remove(folder, { recursive: true });
  },
});

test("never replaces what is no socket", async ({ folder, path, address, stage }) => {
  const obstacles: Record<string, () => Promise<void>> = {
    file: () => Deno.writeTextFile(path, "precious"),
    folder: () => Deno.mkdir(path),
    "dangling link": () => Deno.symlink(`${folder}/nowhere`, path),
  };
  for (const [obstacle, make] of Object.entries(obstacles)) {
    await make();
    const before = await Deno.lstat(path);
    const error = await assertRejects(
      () => stage.listen(),
      AddressInUseError,
      "not a socket",
      obstacle,
    );
    assertEquals(error.address, address);
    assertEquals((await Deno.lstat(path)).ino, before.ino, obstacle);
    assertEquals(await filesIn(folder), [basename(path)], obstacle);
    if (obstacle === "file") {
      assertEquals(await Deno.readTextFile(path), "precious");
    }
    await Deno.remove(path);
  }
});

test("does not follow a link to a socket", async ({ folder, path, stage }) => {
  await leaveDeadSocket(`${folder}/target`);
  await Deno.symlink(`${folder}/target`, path);
  await assertRejects(() => stage.listen(), AddressInUseError);
  assertEquals(await filesIn(folder), [basename(path), "target"]);
  await Deno.remove(path);
  await Deno.remove(`${folder}/target`);
});

test("lets exactly one of several servers have a dead socket's place", async ({ folder, path, address, stage }) => {
  for (let round = 0; round < 60; round++) {
    await leaveDeadSocket(path);
    const results = await Promise.allSettled(
      Array.from({ length: 2 + round % 4 }, () => stage.listen()),
    );
    const winners: Listener[] = [];
    for (const result of results) {
      if (result.status === "fulfilled") winners.push(result.value);
      else assertInstanceOf(result.reason, AddressInUseError);
    }
    assertEquals(winners.length, 1, `round ${round}`);
    assertEquals(await filesIn(folder), [basename(path)]);
    (await stage.connect(address)).close();
    await winners[0]!.close();
    assertEquals(await filesIn(folder), []);
  }
});

test("lets processes race for a dead socket's place, and one has it", async ({ folder, path, address, stage }) => {
  await leaveDeadSocket(path);
  const processes = await Promise.all(
    Array.from({ length: 3 }, () => startProcess("./unix_server.ts", address)),
  );
  try {
    const lines = processes.map(({ line }) => line).sort();
    assertEquals(lines, ["in use", "in use", "ready"]);
    assertEquals(await filesIn(folder), [basename(path)]);
    (await stage.connect(address)).close();
  } finally {
    for (const process of processes) await process.kill();
  }
  await Deno.remove(path);
});

test("does not wait for ever for the lock of its folder", async ({ folder, path, stage }) => {
  await leaveDeadSocket(path);
  const holder = await Deno.open(folder);
  await holder.lock(true);
  const start = performance.now();
  const error = await assertRejects(() => stage.listen(), AddressInUseError);
  assertStringIncludes(error.message, "has locked its folder");
  assert(performance.now() - start < 10_000);
  assertEquals(await filesIn(folder), [basename(path)]);
  // A server that waits for a briefly held lock gets the path.
  const listening = stage.listen();
  setTimeout(() => holder.close(), 20);
  await (await listening).close();
});

test("hands its place over while closing and opening again", async ({ folder, path, address, stage }) => {
  for (let round = 0; round < 40; round++) {
    const old = await stage.listen();
    const closing = old.close();
    let next: Listener | null = null;
    while (next === null) {
      next = await stage.listen().catch((error) => {
        assertInstanceOf(error, AddressInUseError);
        return null;
      });
    }
    await closing;
    assertEquals(await filesIn(folder), [basename(path)]);
    (await stage.connect(address)).close();
    await next.close();
  }
});

test("does not remove the file of another server that took its place", async ({ folder, path, address, stage }) => {
  const first = await stage.listen();
  await Deno.remove(path);
  await stage.listen();
  const { ino } = await Deno.lstat(path);
  await first.close();
  assertEquals((await Deno.lstat(path)).ino, ino);
  await exchange(stage, address);
  assertEquals(await filesIn(folder), [basename(path)]);
});

test("closes although somebody removed its file", async ({ path, stage }) => {
  const listener = await stage.listen();
  await Deno.remove(path);
  await listener.close();
});

test("tells the limit for paths, and what it needs for a temporary name", async ({ folder, stage }) => {
  const pathOf = (bytes: number) =>
    `${folder}/${"s".repeat(bytes - folder.length - 1)}`;
  const suffix = ".abcdef/s".length;

  const longest = pathOf(MAX_PATH_BYTES - suffix);
  const listener = await stage.listen({}, `ipc://[${longest}]`);
  await exchange(stage, listener.address);
  await listener.close();

  const tooLong = pathOf(MAX_PATH_BYTES - suffix + 1);
  const error = await assertRejects(
    () => stage.listen({}, `ipc://[${tooLong}]`),
    RangeError,
    `${MAX_PATH_BYTES}`,
  );
  assertStringIncludes(error.message, `${suffix} of them for a temporary name`);

  await assertRejects(
    () => stage.connect(`ipc://[${pathOf(MAX_PATH_BYTES + 1)}]`),
    RangeError,
    `${MAX_PATH_BYTES}`,
  );
  await assertRejects(
    () => stage.connect(`ipc://[${pathOf(MAX_PATH_BYTES)}]`),
    ConnectError,
  );
  // The limit applies to bytes, not to characters.
  await assertRejects(
    () => stage.connect(`ipc://[${folder}/${"ü".repeat(50)}]`),
    RangeError,
  );
});

test("connects to a socket of somebody else's making at the limit", async ({ folder, stage }) => {
  const path = `${folder}/${"s".repeat(MAX_PATH_BYTES - folder.length - 1)}`;
  const listener = Deno.listen({ transport: "unix", path });
  const accepting = listener.accept();
  (await stage.connect(`ipc://[${path}]`)).close();
  (await accepting).close();
  listener.close();
});

test("says why it cannot connect", async ({ path, address, stage }) => {
  const failure = async () => (await assertRejects(
    () => stage.connect(address),
    ConnectError,
  ));
  assertStringIncludes((await failure()).message, "no such socket");
  await Deno.writeTextFile(path, "");
  assertStringIncludes((await failure()).message, "not a socket");
  await Deno.remove(path);
  await leaveDeadSocket(path);
  const refused = await failure();
  assertStringIncludes(refused.message, "refused");
  assertInstanceOf(refused.cause, Deno.errors.ConnectionRefused);
  assertEquals(refused.address, address);
  await Deno.remove(path);
  // A name that is a file's, used as a folder's: the system's own words.
  await Deno.writeTextFile(path, "");
  const inside = await assertRejects(
    () => stage.connect(`ipc://[${path}/s]`),
    ConnectError,
  );
  assertStringIncludes(inside.message, (inside.cause as Error).message);
  await Deno.remove(path);
});

test("passes on why it cannot listen in a folder, and leaves nothing", async ({ folder, stage }) => {
  await assertRejects(
    () => stage.listen({}, `ipc://[${folder}/missing/s]`),
    Deno.errors.NotFound,
  );
  assertEquals(await filesIn(folder), []);
});

test("says which form of address it wants", async ({ stage }) => {
  for (const address of ["tcp://127.0.0.1:0", "local://name"]) {
    const form = "ipc://[";
    await assertRejects(() => stage.listen({}, address), TypeError, form);
    await assertRejects(() => stage.connect(address), TypeError, form);
  }
});

test("reports the lifetime of its file once", async ({ path, stage }) => {
  const log: string[] = [];
  const files = new Set<object>();
  const stopObserving = observe({
    opened: (resource, kind, describe) => {
      if (kind !== "file") return;
      files.add(resource);
      log.push(`opened ${describe()}`);
    },
    closed: (resource) => void (files.has(resource) && log.push("closed")),
  });
  try {
    const listener = await stage.listen();
    await assertRejects(() => stage.listen(), AddressInUseError);
    await Promise.all([listener.close(), listener.close()]);
  } finally {
    stopObserving();
  }
  assertEquals(log, [`opened ${path}`, "closed"]);
});

Deno.test({
  name: "unix connect passes on a missing permission as it is",
  ignore: HAS_NO_UNIX_SOCKETS,
  permissions: { net: false, read: false, write: false },
  fn: async () => {
    await assertRejects(
      () => unix().connect("ipc://[/no/such/socket]"),
      Deno.errors.NotCapable,
    );
  },
});

Deno.test({
  name: "unix keeps a process alive unless it is unreferenced",
  ignore: HAS_NO_UNIX_SOCKETS,
  timeout: 60_000,
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "d" });
    const address = `ipc://[${folder}/s]`;
    await using unreferenced = await startProcess(
      "./idle_process.ts",
      address,
      "unref-listener",
      "unref-client",
      "unref-server",
    );
    assertEquals([unreferenced.line, await unreferenced.code], ["ready", 0]);
    await Deno.remove(folder, { recursive: true });
  },
});

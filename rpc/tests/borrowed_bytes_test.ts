// Without 'withCtx', because its ledger keeps the arguments of calls: bytes are
// not borrowed while there is an observer.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { msgpack } from "../../channel/codecs/msgpack/msgpack.ts";
import { RemoteError } from "../../channel/errors.ts";
import { openConnection, startServer } from "../deno.ts";
import { withOptions } from "../options.ts";
import type { RpcOptions } from "../rpc_options.ts";
import { expose } from "../service/expose.ts";

const BYTES = 64 * 1024;

/** Returns whether bytes have their own buffer. */
function isOwn(bytes: Uint8Array): boolean {
  return bytes.length === bytes.buffer.byteLength;
}

class Store {
  readonly kept: Uint8Array[] = [];

  @expose({ borrowsBytes: true })
  echo(bytes: Uint8Array): Uint8Array {
    return bytes;
  }

  @expose({ borrowsBytes: true })
  owns(bytes: Uint8Array, other?: { bytes: Uint8Array }): boolean[] {
    return [bytes, ...(other === undefined ? [] : [other.bytes])].map(isOwn);
  }

  @expose
  keep(bytes: Uint8Array): boolean {
    this.kept.push(bytes);
    return isOwn(bytes);
  }

  @expose({ borrowsBytes: true })
  promise(bytes: Uint8Array): Promise<Uint8Array> {
    return Promise.resolve(bytes);
  }

  @expose({ borrowsBytes: true })
  async *stream(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
    yield bytes;
  }
}

class Root {
  @expose
  readonly store = new Store();
}

const codec = msgpack();

/** Serves a store at `address`, and calls `use` with its client. */
async function serve(
  use: (
    root: Root,
    client: Awaited<ReturnType<typeof openConnection<Root>>>,
  ) => Promise<void>,
  { address = "local://borrowed", ...options }:
    & RpcOptions
    & { address?: string } = {},
): Promise<void> {
  const root = new Root();
  await using server = await startServer(address, root, {
    maskErrors: false,
    onMethodError: () => {},
    ...options,
    codec,
  });
  await using client = await openConnection<Root>(server.address, { codec });
  // From here on, this side knows the features of the other side.
  await client.remote.store.keep(new Uint8Array());
  await use(root, client);
}

const folder = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

for (
  const address of [
    "tcp://127.0.0.1:0",
    `ipc://[${join(folder, "store.sock")}]`,
    "local://borrowed",
  ]
) {
  Deno.test(`a method borrows bytes, and answers with them, over ${address}`, async () => {
    await serve(async (root, { remote: { store } }) => {
      const sent = Array.from(
        { length: 40 },
        (_, n) => new Uint8Array(BYTES + 1_000 * n).fill(n),
      );
      assertEquals(await store.owns(sent[1]!), [false]);
      // Calls that arrive together are in one buffer, followed by parts of
      // others.
      const calls = sent.map((bytes, n) =>
        n % 3 === 0 ? store.keep(bytes) : store.echo(bytes)
      );
      const back = await Promise.all(calls);
      for (const [n, bytes] of back.entries()) {
        assertEquals(bytes, n % 3 === 0 ? true : sent[n], `call ${n}`);
        assert(bytes === true || isOwn(bytes as Uint8Array));
      }
      // A method without `borrowsBytes` owns its bytes.
      assertEquals(
        root.store.kept.slice(1),
        sent.filter((_, n) => n % 3 === 0),
      );
    }, { address });
  });
}

Deno.test("bytes are copied that a method might use later", async () => {
  const bytes = new Uint8Array(BYTES);
  await serve(async (_, { remote: { store } }) => {
    assertEquals(await store.owns(bytes, { bytes }), [false, true]);
    assertEquals(await store.owns(new Uint8Array(100)), [true]);
    const patient = withOptions(store, { timeoutMs: 60_000 });
    assertEquals(await patient.owns(bytes), [true]);
  });
  const through = { requests: [(_: unknown, next: () => unknown) => next()] };
  await serve(async (_, { remote: { store } }) => {
    assertEquals(await store.owns(bytes), [true]);
  }, { middleware: through as RpcOptions["middleware"] });
});

Deno.test("a method that borrows bytes must return its result at once", async () => {
  await serve(async (_, { remote: { store } }) => {
    for (const method of ["promise", "stream"] as const) {
      const error = await assertRejects(
        () => store[method](new Uint8Array(BYTES)) as Promise<unknown>,
        RemoteError,
        `returned a ${method}`,
      );
      assertEquals(error.remoteName, "TypeError");
    }
  });
});

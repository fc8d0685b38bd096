import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "@std/path";
import {
  ConnectionClosedError,
  RemoteError,
  SerializationError,
} from "../../channel/errors.ts";
import { createTestAuthority } from "../../testing/certificates/certificates.ts";
import type { TlsOptions } from "../../transports/tls/options.ts";
import { conformance, rowsWith, type Stage } from "./conformance.ts";
import type { Layer } from "./matrix.ts";
import { PythonPeer } from "./python_peer.ts";
import { callAiomas, serveAiomas, type Try } from "./sessions.ts";
import {
  assertPythonFailure,
  denomasProcess,
  raised,
  removing,
  type Served,
} from "./support.ts";
import {
  BYTES,
  BYTES_SHOWN,
  MANY,
  NOT_FINITE,
  NOT_FINITE_SHOWN,
  TEXT,
} from "./values.ts";
import { callHere, type PythonTls, serveThere } from "./with_aiomas.ts";

/** Calls a method on the other side. */
export type Call = (path: string, ...args: unknown[]) => Promise<unknown>;

/** The ways in which a layer serves and calls, on both sides. */
export interface LayerSides {
  readonly layer: Layer;
  /** Makes aiomas serve; pass the address to `open`. */
  serve(stage: Stage, address?: string): Promise<Served>;
  /** Makes denomas open a connection to aiomas. */
  open(stage: Stage, address: string, retryForMs?: number): Promise<Call>;
  /** Makes aiomas open a connection to denomas; returns its number. */
  openThere(stage: Stage, address: string): Promise<number>;
  /**
   * Makes denomas serve, in this process; returns the argument for `openThere`.
   */
  serveHere(stage: Stage, address?: string): Promise<string>;
}

const NO_STACK = "denomas sends no stacks to peers of aiomas.";
const NO_BYTES = "JSON has no bytes; both sides refuse to send them.";

/** Registers the rows that are the same for all layers. */
export function commonRows(sides: LayerSides): void {
  const { layer } = sides;

  const toAiomas = rowsWith(layer, "aiomas", async (stage) => {
    const { address } = stage.closing(await sides.serve(stage));
    return { call: await sides.open(stage, address) };
  });
  const toDenomas = rowsWith(layer, "denomas", async (stage) => {
    const address = await sides.serveHere(stage);
    const on = stage.closing(await sides.openThere(stage, address));
    const call: Call = (path, ...args) =>
      stage.python.ask("call", { on, path, args });
    return { on, call };
  });

  toAiomas("Failures, with name and message", async ({ call }) => {
    const error = await assertRejects(() => call("fail", TEXT), RemoteError);
    assertPythonFailure(error, "ValueError", TEXT);
  });
  toDenomas("Failures, with name and message", async ({ call }) => {
    const error = await raised(call("fail", TEXT));
    assertEquals(error.raised, "RemoteException");
    assertEquals(error.remote, `RangeError: ${TEXT}\n`);
  });

  toAiomas("Tracebacks of failures", async ({ call }) => {
    const error = await assertRejects(() => call("fail", "no"), RemoteError);
    assertStringIncludes(error.remoteStack!, '.py", line ');
  });
  toDenomas("Tracebacks of failures", async ({ call }) => {
    const { remote } = await raised(call("fail", "no"));
    assertEquals(remote, "RangeError: no\n");
  }, { not: NO_STACK });

  toAiomas("NaN and infinities", async ({ call }) => {
    assertEquals(await call("echo", NOT_FINITE), NOT_FINITE);
    assertEquals(await call("hear", NOT_FINITE), NOT_FINITE_SHOWN);
  });
  toDenomas("NaN and infinities", async ({ call }) => {
    assertEquals(await call("echo", NOT_FINITE_SHOWN), NOT_FINITE_SHOWN);
    assertEquals(await call("hear", NOT_FINITE_SHOWN), NOT_FINITE_SHOWN);
  });

  for (const register of [toAiomas, toDenomas]) {
    register("Text beyond ASCII", async ({ call }) => {
      assertEquals(await call("echo", TEXT), TEXT);
    });
  }

  toAiomas("Bytes", async ({ call }) => {
    await assertRejects(() => call("echo", BYTES), SerializationError);
  }, { codec: "json", not: NO_BYTES });
  toAiomas("Bytes", async ({ call }) => {
    assertEquals(await call("echo", BYTES), BYTES);
    assertEquals(await call("hear", BYTES), BYTES_SHOWN);
  }, { codec: "msgpack" });
  toDenomas("Bytes", async ({ call }) => {
    const error = await raised(call("echo", BYTES_SHOWN));
    assertEquals(error.raised, "SerializationError");
  }, { codec: "json", not: NO_BYTES });
  toDenomas("Bytes", async ({ call }) => {
    assertEquals(await call("echo", BYTES_SHOWN), BYTES_SHOWN);
    assertEquals(await call("hear", BYTES_SHOWN), BYTES_SHOWN);
  }, { codec: "msgpack" });

  toAiomas("10,000 calls in flight", async ({ call }) => {
    const values = Array.from({ length: MANY }, (_, i) => i);
    const calls = values.map((value) => call("echo", value));
    assertEquals(await Promise.all(calls), values);
  });
  toDenomas("10,000 calls in flight", async ({ python, on }) => {
    assertEquals(await python.ask("flood", { on, count: MANY }), MANY);
  });

  killedRows(sides);
  tlsRows(layer);
}

function killedRows(sides: LayerSides): void {
  const { layer } = sides;
  const killed = "The server is killed: pending calls fail";
  const again = "The server comes back: connecting works again";

  conformance({ layer, feature: killed, serves: "aiomas" }, async (stage) => {
    const python = stage.ctx.use(new PythonPeer());
    const { address } = await sides.serve({ ...stage, python });
    removing(stage, address);
    const call = await sides.open(stage, address);
    await call("echo", 1);
    const pending = call("nap");
    python.kill();
    const error = await assertRejects(() => pending, ConnectionClosedError);
    assertEquals([error.sent, error.by === "local"], [true, false]);
  });
  conformance({ layer, feature: killed, serves: "denomas" }, async (stage) => {
    const { python, ctx } = stage;
    const process = await denomasProcess(stage, layer, ctx.address);
    const address = layer === "agents" ? `${process.line}/0` : process.line;
    const on = stage.closing(await sides.openThere(stage, address));
    const pending = await python.ask("later", { on, path: "nap" });
    await process.kill();
    const outcome = await raised(python.ask("outcome", { on: pending }));
    // The exception depends on whether Python reads or writes first.
    const losses = ["ConnectionResetError", "BrokenPipeError"];
    assert(losses.includes(outcome.raised), outcome.raised);
  });

  conformance({ layer, feature: again, serves: "aiomas" }, async (stage) => {
    const python = stage.ctx.use(new PythonPeer());
    const { address } = await sides.serve({ ...stage, python });
    removing(stage, address);
    await sides.open(stage, address);
    await python.kill();
    const opening = sides.open(stage, address, 10_000);
    await sides.serve(stage, address.replace(/\/\d+$/, ""));
    assertEquals(await (await opening)("echo", 1), 1);
  });
  // The agents of aiomas keep a dead connection.
  if (layer === "agents") return;
  conformance({ layer, feature: again, serves: "denomas" }, async (stage) => {
    const { python, ctx, closing } = stage;
    const process = await denomasProcess(stage, layer, ctx.address);
    closing(await sides.openThere(stage, process.line));
    await process.kill();
    await sides.serveHere(stage, process.line);
    const on = closing(await sides.openThere(stage, process.line));
    const call = { on, path: "echo", args: [1] };
    assertEquals(await python.ask("call", call), 1);
  });
}

/** Registers the row for TLS. */
function tlsRows(layer: Layer): void {
  const row = {
    layer,
    feature: "TLS, with a certificate for each side",
    notOnUnix: "TLS is for TCP.",
  };
  const attempt: Try = async (_meaning, act) => void await act();

  conformance({ ...row, serves: "aiomas" }, async (stage) => {
    const { python, codec } = stage;
    const { there, here } = await certificates(stage);
    const session = { layer, codec };
    const address = await serveThere(python, session, there);
    await callAiomas(session, address, attempt, here);
  });
  conformance({ ...row, serves: "denomas" }, async (stage) => {
    const { ctx, python, codec } = stage;
    const { there, here } = await certificates(stage);
    const session = { layer, codec };
    const { address } = ctx.use(await serveAiomas(session, here));
    const failed = await callHere(python, session, address, attempt, there);
    const missing = layer === "channel" ? [] : ["a method that is not there"];
    assertEquals(failed, ["a failure", ...missing]);
  });
}

/**
 * Returns certificates of one authority: files for aiomas, texts for denomas.
 */
async function certificates(
  { ctx }: Stage,
): Promise<{ there: PythonTls; here: TlsOptions }> {
  const authority = await createTestAuthority();
  const folder = await Deno.makeTempDir({ prefix: "interop-" });
  ctx.use({
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  });
  const caCerts = authority.caCert;
  const theirs = await authority.issue({ name: "aiomas" });
  const write = async (name: string, text: string) => {
    const path = join(folder, name);
    await Deno.writeTextFile(path, text);
    return path;
  };
  return {
    there: {
      cafile: await write("ca.pem", caCerts),
      certfile: await write("cert.pem", theirs.cert),
      keyfile: await write("key.pem", theirs.key),
    },
    here: { ...await authority.issue({ name: "denomas" }), caCerts },
  };
}

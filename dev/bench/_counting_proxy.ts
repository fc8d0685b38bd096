/** Passes on what it counts, until it is disposed of. */
export interface CountingProxy extends AsyncDisposable {
  /** Leads to the same server, through here. */
  readonly address: string;
  /** How many bytes have passed, both ways. */
  bytes(): number;
}

/** Loopback and a port, in whatever form of address. */
const LOOPBACK = /(127\.0\.0\.1|localhost):(\d+)/;

/** Stands before a server on TCP; `null` if its address names no port. */
export function countingProxy(address: string): CountingProxy | null {
  const [, , port] = LOOPBACK.exec(address) ?? [];
  if (port === undefined) return null;
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const conns = new Set<Deno.Conn>();
  let bytes = 0;

  async function pass(from: Deno.Conn, to: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (
        let read = await from.read(buffer);
        read !== null;
        read = await from.read(buffer)
      ) {
        bytes += read;
        for (let at = 0; at < read;) {
          at += await to.write(buffer.subarray(at, read));
        }
      }
    } catch {
      // One of them is closed, or broke: so ends the other.
    }
    close(from);
    close(to);
  }

  function close(conn: Deno.Conn): void {
    if (conns.delete(conn)) conn.close();
  }

  /** The server, or `null` if it is gone, as the client sees then, too. */
  async function reach(): Promise<Deno.TcpConn | null> {
    try {
      return await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
    } catch {
      return null;
    }
  }

  async function accept(): Promise<void> {
    for await (const near of listener) {
      const far = await reach();
      if (far === null) {
        near.close();
        continue;
      }
      for (const conn of [near, far]) {
        conn.setNoDelay(true);
        conns.add(conn);
      }
      pass(near, far);
      pass(far, near);
    }
  }

  const accepting = accept().catch((error) => {
    // The listener was closed.
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  });
  const { port: ownPort } = listener.addr as Deno.NetAddr;
  return {
    address: address.replace(LOOPBACK, `127.0.0.1:${ownPort}`),
    bytes: () => bytes,
    [Symbol.asyncDispose]: async () => {
      listener.close();
      await accepting;
      for (const conn of conns) close(conn);
    },
  };
}

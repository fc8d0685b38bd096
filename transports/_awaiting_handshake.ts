import type { ByteStream } from "./transport.ts";

/**
 * Returns the stream of a connection whose handshake is not done. It can only
 * be closed.
 *
 * @param name The name of the handshake, such as `"TLS"`.
 */
export function awaitingHandshake(
  stream: ByteStream,
  name: string,
): ByteStream {
  const refuse = () =>
    Promise.reject(
      new TypeError(
        `Cannot use the connection: its ${name} handshake is not done, call 'handshake' and use what that resolves to`,
      ),
    );
  return {
    read: refuse,
    write: refuse,
    closeWrite: refuse,
    close: () => stream.close(),
    ref: () => stream.ref(),
    unref: () => stream.unref(),
  };
}

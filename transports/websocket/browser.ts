import { ConnectError } from "../errors.ts";
import type { Connection, Transport } from "../transport.ts";
import { formatPlace, parsePlace } from "./_address.ts";
import { NativeStream } from "./_native_stream.ts";
import { BYTES, MAX_MESSAGE_BYTES, TEXT } from "./_protocols.ts";

/** Options for {@linkcode webSockets}. */
export interface WebSocketsOptions {
  /**
   * Whether to request text messages, one for each frame, which the developer
   * tools of a browser show. Needs a codec whose frames are text, such as
   * `json`.
   *
   * @default {false}
   */
  readonly text?: boolean | undefined;
  /**
   * The longest message to receive, in bytes.
   *
   * @default {16_777_220}
   */
  readonly maxMessageBytes?: number | undefined;
}

/**
 * Returns the transports for `ws://` and `wss://` over the platform's own
 * `WebSocket`, as in browsers, Node and Bun. They connect, but cannot listen.
 *
 * A page that was loaded by `https://` may only use `wss://`. The browser sends
 * the cookies of the server's host and the page's origin. The `credentials` of
 * the client are in the first message.
 */
export function webSockets(
  options: WebSocketsOptions = {},
): readonly Transport[] {
  return [native("ws", options), native("wss", options)];
}

function native(
  scheme: "ws" | "wss",
  { text = false, maxMessageBytes = MAX_MESSAGE_BYTES }: WebSocketsOptions,
): Transport {
  return {
    scheme,
    // deno-lint-ignore require-await -- it must reject, not throw
    listen: async (address) => {
      throw new TypeError(
        `Cannot listen on '${address}': the WebSocket of this platform can only connect`,
      );
    },
    connect: async (address, { signal } = {}) => {
      const place = parsePlace(address);
      if (place.scheme !== scheme) {
        throw new TypeError(
          `Cannot use address '${address}': this transport is for '${scheme}://host:port/path'`,
        );
      }
      signal?.throwIfAborted();
      const socket = new WebSocket(address, [text ? TEXT : BYTES]);
      // Created before the socket opens, so that it misses no event.
      const stream = new NativeStream(socket, {
        isText: text,
        maxMessageBytes,
      });
      await opened(socket, address, signal);
      const remoteAddress = formatPlace(place);
      const localAddress = `${scheme}://page`;
      return { stream, localAddress, remoteAddress } satisfies Connection;
    },
  };
}

/** Resolves when `socket` is open. */
function opened(
  socket: WebSocket,
  address: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      socket.close();
      done();
      reject(signal!.reason);
    };
    const onOpen = () => {
      done();
      resolve();
    };
    const onClose = () => {
      done();
      // Platforms give a page no reason: it could scan its user's network.
      reject(
        new ConnectError(
          `Cannot connect to '${address}': no WebSocket server of denomas answered, or it refused this page; the console says more`,
          { address },
        ),
      );
    };
    const done = () => {
      socket.removeEventListener("open", onOpen);
      socket.removeEventListener("close", onClose);
      signal?.removeEventListener("abort", onAbort);
    };
    socket.addEventListener("open", onOpen);
    socket.addEventListener("close", onClose);
    signal?.addEventListener("abort", onAbort);
  });
}

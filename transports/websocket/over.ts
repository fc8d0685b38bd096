import { formatAddress } from "../address.ts";
import { AddressInUseError, ConnectError } from "../errors.ts";
import { observed } from "../_observers.ts";
import type {
  Connection,
  Listener,
  Transport,
  TransportConnectOptions,
} from "../transport.ts";
import { formatPlace, parsePlace, type WebSocketPlace } from "./_address.ts";
import { acceptOver, connectOver } from "./_handshake.ts";
import { checkOrigins, type Origins } from "./origin.ts";
import { MAX_MESSAGE_BYTES } from "./_protocols.ts";

/** Options for {@linkcode ws} and {@linkcode wss}. */
export interface WebSocketOptions {
  /**
   * The pages that may connect to this server: those of its own origin, any
   * page, or a list such as `["https://app.example", "https://*.app.example"]`.
   *
   * @default {"same"}
   */
  readonly origins?: Origins | undefined;
  /**
   * Whether this side, as a client, requests text messages, one for each frame,
   * which can be read in transit. Needs a codec whose frames are text, such as
   * `json`. A server accepts both.
   *
   * @default {false}
   */
  readonly text?: boolean | undefined;
  /**
   * The longest message to receive, including all of its fragments, in bytes.
   *
   * @default {16_777_220}
   */
  readonly maxMessageBytes?: number | undefined;
  /**
   * Headers that this side, as a client, sends with its request.
   *
   * @default {{}}
   */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * Returns a transport over WebSocket. `base` carries its bytes and has TCP
 * addresses.
 *
 * @throws {TypeError} If an entry of `origins` is not an origin.
 */
export function webSocketOver(
  scheme: "ws" | "wss",
  base: Transport,
  options: WebSocketOptions = {},
): Transport {
  const {
    origins = "same",
    text = false,
    maxMessageBytes = MAX_MESSAGE_BYTES,
    headers = {},
  } = options;
  checkOrigins(origins);
  return {
    scheme,
    listen: async (address, accept, listenOptions) => {
      const place = placeIn(address, scheme);
      const listener = await base.listen(
        tcpAddress(place),
        (connection) =>
          accept(acceptOver(connection, { place, origins, maxMessageBytes })),
        listenOptions,
      ).catch((error) => rethrow(error, address));
      const handle: Listener = {
        address: formatPlace({ ...place, port: portOf(listener.address) }),
        close: () => listener.close(),
        ref: () => listener.ref(),
        unref: () => listener.unref(),
      };
      observed.by?.handed(handle, listener);
      return handle;
    },
    connect: (address, connectOptions) =>
      connectTo(placeIn(address, scheme), base, connectOptions, {
        text,
        maxMessageBytes,
        headers,
      }),
    ...(base.renewCertificate && { renewCertificate: base.renewCertificate }),
  };
}

async function connectTo(
  place: WebSocketPlace,
  base: Transport,
  options: TransportConnectOptions = {},
  own: {
    readonly text: boolean;
    readonly maxMessageBytes: number;
    readonly headers: Readonly<Record<string, string>>;
  },
): Promise<Connection> {
  const address = formatPlace(place);
  const { signal = new AbortController().signal } = options;
  const connection = await base.connect(tcpAddress(place), { signal })
    .catch((error) => rethrow(error, address));
  return await connectOver(connection, { place, address, signal, ...own });
}

/** Rethrows an error of `base` with the address of this transport. */
function rethrow(error: unknown, address: string): never {
  for (const type of [ConnectError, AddressInUseError]) {
    if (!(error instanceof type)) continue;
    const message = error.message.replace(error.address, address);
    throw new type(message, { address, cause: error.cause });
  }
  throw error;
}

function placeIn(address: string, scheme: "ws" | "wss"): WebSocketPlace {
  const place = parsePlace(address);
  if (place.scheme === scheme) return place;
  throw new TypeError(
    `Cannot use address '${address}': this transport is for '${scheme}://host:port/path'`,
  );
}

function tcpAddress({ host, port }: WebSocketPlace): string {
  return formatAddress({ scheme: "tcp", host, port });
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}

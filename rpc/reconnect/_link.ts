import type { ConnectionChannel } from "../../channel/internal.ts";
import type { CloseReason } from "../../channel/errors.ts";
import type { Peer } from "../session/_peer.ts";

/** One connection of a reconnecting client. */
export interface Link {
  readonly channel: ConnectionChannel;
  readonly peer: Peer;
}

/** What a reconnecting client is at. */
export type LinkState =
  | { readonly kind: "connected"; readonly link: Link }
  | {
    readonly kind: "reconnecting" | "closed";
    /** Why there is no connection. */
    readonly reason: CloseReason;
  };

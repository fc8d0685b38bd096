import type { CloseReason } from "../../channel/errors.ts";
import type { Session } from "../session/_session.ts";

/** The state of a reconnecting client. */
export type LinkState =
  | { readonly kind: "connected"; readonly session: Session }
  | {
    readonly kind: "reconnecting" | "closed";
    /** Why there is no connection. */
    readonly reason: CloseReason;
  };

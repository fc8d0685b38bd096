import { splitHead, withHead } from "./_json_bytes.ts";

/** The node that holds something. It holds it while its own lease lasts. */
export interface Owner {
  readonly node: string;
  /** The epoch of the node: another one of the same name does not hold it. */
  readonly epoch: number;
}

/** The entry of a thing that at most one node holds. */
export interface Claim {
  /** `null` if it was given back. */
  readonly owner: Owner | null;
  /** Told apart from another claim of the same node; "" where there is one only. */
  readonly id: string;
  /** What the owner keeps with it; `null` for nothing. */
  readonly bytes: Uint8Array | null;
}

/** Returns the value of the entry of a claim. */
export function encodeClaim({ owner, id, bytes }: Claim): Uint8Array {
  const head = { ...owner, id, isKept: bytes !== null };
  return withHead(head, bytes ?? undefined);
}

/** Returns the claim in an entry. */
export function decodeClaim(value: Uint8Array): Claim {
  const { head, bytes } = splitHead(value);
  const { node, epoch, id, isKept } = head as Partial<Owner> & {
    readonly id: string;
    readonly isKept: boolean;
  };
  return {
    owner: node === undefined || epoch === undefined ? null : { node, epoch },
    id,
    bytes: isKept ? bytes : null,
  };
}

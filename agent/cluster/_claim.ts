import { splitHead, withHead } from "./_json_bytes.ts";

/** The node that holds a claim, for as long as the node's own lease lasts. */
export interface Owner {
  readonly node: string;
  /** The epoch of the node. A later node of the same name is not the owner. */
  readonly epoch: number;
}

/** The entry of something that at most one node may hold. */
export interface Claim {
  /** `null` if the claim was released. */
  readonly owner: Owner | null;
  /**
   * Identifies this claim among claims of the same node; `""` if there is only
   * one.
   */
  readonly id: string;
  /** Data that the owner stores with the claim; `null` for none. */
  readonly bytes: Uint8Array | null;
}

/** Encodes a claim as the value of its entry. */
export function encodeClaim({ owner, id, bytes }: Claim): Uint8Array {
  const head = { ...owner, id, isKept: bytes !== null };
  return withHead(head, bytes ?? undefined);
}

/** Decodes the claim from the value of an entry. */
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

import {
  giveSmallBuffer,
  SMALL_BYTES,
  takeSmallBuffer,
} from "./_small_buffers.ts";
import { spareBuffers } from "./_spare_buffers.ts";

/** Returns a buffer of `bytes` or more, with any content. */
export function takeBuffer(bytes: number): Uint8Array<ArrayBuffer> {
  return bytes <= SMALL_BYTES ? takeSmallBuffer() : spareBuffers.take(bytes);
}

/** Takes back a buffer. Its user must not touch it again. */
export function giveBuffer(buffer: Uint8Array<ArrayBuffer>): void {
  if (buffer.length === SMALL_BYTES) giveSmallBuffer(buffer);
  else spareBuffers.give(buffer);
}

/**
 * The sub-protocols. With `BYTES`, binary messages carry the byte stream, split
 * anywhere. With `TEXT`, each text message is one frame without its header,
 * which needs a codec whose frames are text.
 */
export const BYTES = "denomas.1";
export const TEXT = "denomas.1+json";

/** The default longest message: the longest frame with its header. */
export const MAX_MESSAGE_BYTES = 16 * 1_024 * 1_024 + 4;

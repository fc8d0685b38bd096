/**
 * The sub-protocols. Under the first, binary messages carry the byte stream,
 * cut anywhere. Under the second, each text message is one frame without its
 * header, which needs a codec whose frames are text.
 */
export const BYTES = "denomas.1";
export const TEXT = "denomas.1+json";

/** The longest message where nothing else is asked: a frame with its header. */
export const MAX_MESSAGE_BYTES = 16 * 1_024 * 1_024 + 4;

/**
 * The sub-protocols. Under the first, binary messages carry the byte stream,
 * cut anywhere. Under the second, each text message is one frame without its
 * header, which needs a codec whose frames are text.
 */
export const BYTES = "denomas.1";
export const TEXT = "denomas.1+json";

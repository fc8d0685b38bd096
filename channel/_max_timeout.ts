/**
 * The longest time that `setTimeout` can hold, in milliseconds; a longer one
 * makes it fire at once.
 */
export const MAX_TIMEOUT_MS: number = 2 ** 31 - 1;

/** An empty program, to measure the start of any program. */
export {};

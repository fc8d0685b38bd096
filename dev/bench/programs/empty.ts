/** What every program takes to start. */
export {};

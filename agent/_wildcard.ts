/** Whether a host of TCP stands for all of the machine's. */
export function isWildcard(host: string): boolean {
  return ["0.0.0.0", "::", "0:0:0:0:0:0:0:0"].includes(host);
}

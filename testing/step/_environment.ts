/** The variable that selects transports. */
export const TRANSPORTS_VARIABLE = "DENOMAS_TRANSPORTS";

/** Returns an environment variable, if the test has permission to read it. */
export function readVariable(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}

/** Splits a list of transports into modules and names. */
export function splitTransports(
  text: string = readVariable(TRANSPORTS_VARIABLE) ?? "",
): [modules: string[], names: string[]] {
  const all = text.split(",").map((name) => name.trim()).filter(Boolean);
  const isModule = (name: string) => name.includes("/");
  return [all.filter(isModule), all.filter((name) => !isModule(name))];
}

/**
 * Replaces the flag that Deno suggests for a denied permission with the option
 * that grants it to a spawned process.
 */
export function nameOption(text: string): string {
  return text.replaceAll(
    /run again with the --allow-(\w+) flag/g,
    "list it in 'permissions: { $1: […] }' of spawnContainer",
  );
}

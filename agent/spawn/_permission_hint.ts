/**
 * Lets Deno's text about a permission that a spawned process does not have name
 * the option that grants it, in place of a flag.
 */
export function nameOption(text: string): string {
  return text.replaceAll(
    /run again with the --allow-(\w+) flag/g,
    "list it in 'permissions: { $1: […] }' of spawnContainer",
  );
}

/**
 * Whether `shown` is the secret. It takes as long wherever they differ, so that
 * nobody can find the secret out character by character.
 */
export function isSameSecret(shown: unknown, secret: string): boolean {
  if (typeof shown !== "string" || shown.length !== secret.length) return false;
  let difference = 0;
  for (let i = 0; i < secret.length; i++) {
    difference |= shown.charCodeAt(i) ^ secret.charCodeAt(i);
  }
  return difference === 0;
}

/** A folder that disposal removes, with all that is in it. */
export interface TempFolder extends AsyncDisposable {
  readonly path: string;
}

/** Makes a folder whose name begins with `prefix`. */
export async function makeTempFolder(prefix: string): Promise<TempFolder> {
  const path = await Deno.makeTempDir({ prefix });
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

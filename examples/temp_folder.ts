/** A folder that is removed on disposal, with its contents. */
export interface TempFolder extends AsyncDisposable {
  readonly path: string;
}

/** Creates a temporary folder whose name begins with `prefix`. */
export async function makeTempFolder(prefix: string): Promise<TempFolder> {
  const path = await Deno.makeTempDir({ prefix });
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

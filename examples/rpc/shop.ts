import type { Bakery } from "./bakery.ts";

/**
 * Serves the web side of a bakery: takes orders, and returns how many callers
 * follow its news.
 */
export async function serveShop(
  bakery: Bakery,
  request: Request,
): Promise<Response> {
  if (request.method !== "POST") {
    return Response.json({ followers: bakery.followers });
  }
  try {
    return Response.json({ order: bakery.order(await request.text()) });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return Response.json({ error: error.message }, { status: 400 });
  }
}

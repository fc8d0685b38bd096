import { type Remote, RemoteError, withOptions } from "@denomas/denomas/rpc";
import { print } from "../print.ts";
import type { Bakery } from "./bakery.ts";

/**
 * Uses everything that both sides of a bakery offer, and prints it.
 *
 * @throws {Error} If a result is not as expected.
 */
export async function visit(
  bakery: Remote<Bakery>,
  shop: string,
): Promise<void> {
  await callMethods(bakery);
  await followNews(bakery, shop);
  await passCallback(bakery);
  await giveUp(bakery);
}

async function callMethods({ recipes }: Remote<Bakery>): Promise<void> {
  const flours = await recipes.floursFor("farmhouse loaf");
  show("a call", flours.join(" and "), "rye and wheat");

  // An error that the method throws arrives as an error with its message.
  const refusal = await recipes.floursFor("cake").catch((error) => error);
  if (!(refusal instanceof RemoteError)) throw refusal;
  show("an error", refusal.remoteName, "RangeError");
}

/** Checks that HTTP input arrives as a stream over RPC. */
async function followNews(bakery: Remote<Bakery>, shop: string): Promise<void> {
  const news = await bakery.news();
  await order(shop, "rye bread");
  await order(shop, "baguette");
  const heard: string[] = [];
  for await (const item of news) {
    if (heard.push(item) === 2) break;
  }
  show("a stream", heard[0], "order 1: rye bread");
  show("", heard[1], "order 2: baguette");
  // Leaving the loop has ended the stream on the other side.
  const response = await fetch(shop);
  show("HTTP", await response.text(), '{"followers":0}');
}

async function order(shop: string, bread: string): Promise<void> {
  const response = await fetch(shop, { method: "POST", body: bread });
  show(
    "HTTP",
    `${response.status}, ordered: ${bread}`,
    `200, ordered: ${bread}`,
  );
  await response.body?.cancel();
}

async function passCallback({ bake }: Remote<Bakery>): Promise<void> {
  const loaves: number[] = [];
  const outcome = await bake(3, (loaf) => void loaves.push(loaf));
  show(
    "a callback",
    `loaf ${loaves.join(", loaf ")}`,
    "loaf 1, loaf 2, loaf 3",
  );
  show("", outcome, "3 loaves are ready");
}

async function giveUp(bakery: Remote<Bakery>): Promise<void> {
  await using news = await bakery.news();
  const controller = new AbortController();
  const impatient = withOptions(bakery, { signal: controller.signal });
  const outcome = await impatient
    .bake(1_000, (loaf) => {
      if (loaf === 2) controller.abort("that takes too long");
    })
    .catch((reason) => `given up: ${reason}`);
  show("cancellation", outcome, "given up: that takes too long");
  // The method was cancelled, and has stopped.
  const { value } = await news.next();
  show("", value, "the oven is free after 2 of 1000 loaves");
}

function show(what: string, found: string | undefined, wanted: string): void {
  print(`  ${what.padEnd(12)}  ${found}`);
  if (found !== wanted) throw new Error(`Got '${found}', wanted '${wanted}'`);
}

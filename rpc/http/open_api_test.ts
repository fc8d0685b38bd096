// deno-lint-ignore-file no-import-prefix -- only this test needs zod
import { assertEquals } from "@std/assert";
import { z } from "npm:zod@4.6.7";
import { method } from "../service/method.ts";
import { service } from "../service/service.ts";
import { openApi } from "./open_api.ts";

Deno.test("openApi describes calls, streams and errors by HTTP", () => {
  const shop = service({
    buy: method({
      args: [z.string(), z.int()],
      result: z.object({ price: z.number() }),
      errors: { no_money: z.object({ left: z.number() }) },
    }, () => ({ price: 1 })),
    prices: method({ items: z.number() }, async function* () {
      yield await Promise.resolve(1);
    }),
    loose: (a: unknown) => a,
    admin: service({ "close now": () => {} }),
  });
  const { openapi, info, paths } = openApi(shop, {
    title: "Shop",
    version: "2.0.0",
    prefix: "/api/",
  });
  assertEquals([openapi, info], ["3.1.0", { title: "Shop", version: "2.0.0" }]);
  assertEquals(Object.keys(paths), [
    "/api/buy",
    "/api/prices",
    "/api/loose",
    "/api/admin/close%20now",
  ]);
  // deno-lint-ignore no-explicit-any -- a document is looked into as it is
  const operation = (path: string): any => (paths[path] as any).post;
  const [buy, prices] = ["/api/buy", "/api/prices"].map(operation);
  const body = buy.requestBody.content["application/json"].schema;
  assertEquals(body.prefixItems.map((it: { type: string }) => it.type), [
    "string",
    "integer",
  ]);
  assertEquals([body.minItems, body.items], [2, false]);
  const ok = buy.responses["200"].content["application/json"].schema;
  assertEquals(ok.properties.price.type, "number");
  assertEquals(buy.responses["422"].description, "One of: no_money");
  const lines = prices.responses["200"].content["application/x-ndjson"].schema;
  assertEquals(lines.type, "number");
});

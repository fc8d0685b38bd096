import { assertStringIncludes } from "@std/assert";
import { pythonEnv } from "../../tools/python_env.ts";
import { demonstrate } from "./main.ts";

const env = await pythonEnv();
const leftOut = "missing" in env ? ` (left out: ${env.missing})` : "";

Deno.test({
  name: `The mosaik demo gets the same as plain Python${leftOut}`,
  ignore: leftOut !== "",
  fn: async () => {
    const file = await Deno.makeTempFile({ suffix: ".svg" });
    await demonstrate(new AbortController().signal, file);
    const picture = await Deno.readTextFile(file);
    for (const part of ["<svg", "turbine 4", "</svg>"]) {
      assertStringIncludes(picture, part);
    }
    await Deno.remove(file);
  },
});

import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { fileURLToPath } from "node:url";
import { importMapFlags } from "../../dev/checks/import_map_flags.ts";
import { testInBrowsers } from "../../dev/fixtures/browsers/mod.ts";
import { makeTempFolder } from "../temp_folder.ts";
import { ChatPage } from "./fixtures/chat_page.ts";

/** Starts the demo as a separate process. */
async function startDemo(port: number, file: string) {
  const demo = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", ...importMapFlags()],
      fileURLToPath(new URL("main.ts", import.meta.url)),
      ...[`--port=${port}`, `--file=${file}`],
    ],
    stdout: "piped",
  }).spawn();
  let text = "";
  let address: string | undefined;
  const reader = demo.stdout.pipeThrough(new TextDecoderStream()).getReader();
  while (address === undefined) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`The chat has ended: ${text}`);
    text += value;
    address = /open (\S+) in/.exec(text)?.[1];
  }
  return {
    address,
    async end(signal: Deno.Signal) {
      demo.kill(signal);
      while (!(await reader.read()).done);
      return await demo.status;
    },
  };
}

testInBrowsers(
  "a chat outlives its server, and shows each line once",
  async (browser) => {
    await using folder = await makeTempFolder("chat-");
    const file = join(folder.path, "lines.jsonl");
    let demo = await startDemo(0, file);
    const { address } = demo;
    try {
      const ada = await ChatPage.join(await browser.newPage(), address, "Ada");
      const grace = await ChatPage.join(
        await browser.newPage(),
        address,
        "Grace",
      );
      await ada.showsPeople((names) => names.join() === "Ada,Grace");
      await ada.say("hello");
      await grace.lines(1);
      await grace.say("<b>hi</b>");
      const said = ["hello", "<b>hi</b>"];
      assertEquals(await ada.lines(2), said);

      for (const signal of ["SIGKILL", "SIGTERM"] as const) {
        // Some of these calls are pending when the server ends.
        for (let n = 0; n < 5; n++) said.push(`${signal} ${n}`);
        for (const text of said.slice(-5)) await ada.say(text);
        await demo.end(signal);
        for (const page of [ada, grace]) await page.showsState("reconnecting");
        await ada.page.setOnline(false);
        await ada.showsState("offline");
        await ada.say(`${signal} offline`);
        said.push(`${signal} offline`);
        assertEquals(await ada.waitingLines() > 0, true);
        await ada.page.setOnline(true);
        await ada.showsState("reconnecting");

        demo = await startDemo(Number(new URL(address).port), file);
        for (const page of [ada, grace]) {
          await page.showsState("connected");
          assertEquals(await page.lines(said.length), said);
          await page.showsPeople((names) => names.join() === "Ada,Grace");
        }
      }

      // A later user sees everything, too, and a user who left is gone.
      const eve = await ChatPage.join(await browser.newPage(), address, "Eve");
      assertEquals(await eve.lines(said.length), said);
      await grace.page.close();
      await ada.showsPeople((names) => names.join() === "Ada,Eve");
    } finally {
      assertEquals((await demo.end("SIGTERM")).code, 1);
    }
  },
);

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { toFileUrl } from "@std/path";
import {
  chromium,
  type Page,
  testInBrowsers,
} from "../../../dev/fixtures/browsers/mod.ts";
import type { SimulationTrace } from "../trace/trace.ts";
import { lockTrace, longTrace } from "./fixtures/traces.ts";
import { drawTimeline } from "./timeline.ts";
import { timelineOf } from "./_timeline.ts";

Deno.test("timelineOf joins where a message was sent and where it arrived", () => {
  const { messages } = timelineOf(lockTrace());
  assertEquals(messages.length, 9);
  assertEquals(messages[0], {
    ...{ from: "ada", to: "hub", sentAt: 1_000, arrivedAt: 1_400 },
    text: 'acquire("ada")',
  });
  const lost = messages.filter(({ arrivedAt }) => arrivedAt === null);
  assertEquals(lost.map(({ from }) => from), ["bob"]);
});

Deno.test("timelineOf leaves a gap while a node is down", () => {
  const { gaps, nodes, endAt } = timelineOf(lockTrace());
  assertEquals(gaps, [{ node: "bob", from: 9_100, to: 12_400 }]);
  assertEquals(nodes, ["hub", "ada", "bob"]);
  assertEquals(endAt, 21_000);
});

Deno.test("drawTimeline loads nothing from elsewhere, and text cannot end its script", () => {
  const page = drawTimeline({
    seed: 1,
    faults: [],
    events: [{
      at: 0,
      node: "a",
      kind: "failure",
      text: "</script><img src=x>",
    }],
  });
  assertEquals(page.match(/<script/g)?.length, 2);
  assertEquals(page.includes("<img"), false);
  assertEquals(/https?:|<link|@import|url\(/.test(page), false);
  assertStringIncludes(page, "default-src 'none'");
});

async function withPage(
  trace: SimulationTrace,
  page: Page,
  fn: () => Promise<void>,
): Promise<void> {
  const path = await Deno.makeTempFile({ suffix: ".html" });
  try {
    await Deno.writeTextFile(path, drawTimeline(trace));
    await page.open(toFileUrl(path).href, COUNT(".lane") + " > 0");
    await fn();
  } finally {
    await Deno.remove(path);
  }
}

const COUNT = (selector: string) =>
  `document.querySelectorAll(${JSON.stringify(selector)}).length`;

testInBrowsers(
  "a timeline shows lanes, arrows, faults, gaps and the failure",
  async (browser) => {
    const page = await browser.newPage();
    await withPage(lockTrace(), page, async () => {
      const counts = [
        ...[
          ".lane",
          ".message",
          ".message.lost",
          ".fault",
          ".dead",
          ".failure",
        ],
      ];
      const found: Record<string, number> = {};
      for (const selector of counts) {
        found[selector] = await page.evaluate<number>(COUNT(selector));
      }
      assertEquals(found, {
        ...{ ".lane": 3, ".message": 9, ".message.lost": 1 },
        ...{ ".fault": 3, ".dead": 1, ".failure": 1 },
      });
      const ends = await page.evaluate<readonly number[]>(`(() => {
      const y = (node) => +document.querySelector('.lane[data-node=' + node + '] line').getAttribute("y1");
      const [, from, to] = document.querySelector(".message .stroke").getAttribute("d").match(/M\\S+ (\\S+)L\\S+ (\\S+)/);
      return [from - y("ada"), to - y("hub")];
    })()`);
      assertEquals(ends, [0, 0]);
    });
  },
  [chromium],
);

testInBrowsers(
  "a timeline is filtered by text and by node",
  async (browser) => {
    const page = await browser.newPage();
    await withPage(lockTrace(), page, async () => {
      await page.evaluate(`(() => {
      const input = document.getElementById("text");
      input.value = "ACQUIRE";
      input.dispatchEvent(new Event("input"));
    })()`);
      await page.until(`${COUNT(".message")} === 4`);
      await page.until(`${COUNT("#list .kind-message")} === 4`);
      await page.evaluate(`(() => {
      const buttons = [...document.querySelectorAll("#nodes button")];
      buttons.find((it) => it.textContent === "bob").click();
    })()`);
      await page.until(`${COUNT(".message")} === 2 && ${COUNT(".lane")} === 2`);
      assertEquals(await page.evaluate(COUNT(".failure")), 1);
    });
  },
  [chromium],
);

testInBrowsers(
  "a timeline is zoomed, moved and searched by keys and the list",
  async (browser) => {
    const page = await browser.newPage();
    await withPage(lockTrace(), page, async () => {
      await page.until(`${COUNT("#list .kind-message")} === 9`);
      const press = (key: string) =>
        page.evaluate(
          `dispatchEvent(new KeyboardEvent("keydown", { key: "${key}" }))`,
        );
      for (let round = 0; round < 6; round++) await press("+");
      await page.until(`${COUNT(".message")} < 4`);
      await press("0");
      await page.until(`${COUNT(".message")} === 9`);
      await page.evaluate(
        `document.querySelector("#list .kind-message.lost").click()`,
      );
      await page.until(COUNT(".message.lost.picked"));
    });
  },
  [chromium],
);

testInBrowsers(
  "a timeline of 10,000 messages opens at its failure and stays quick",
  async (browser) => {
    const page = await browser.newPage();
    await withPage(longTrace(10_000), page, async () => {
      const shown = await page.evaluate<number>(COUNT(".message"));
      assert(shown > 30 && shown < 100, `${shown} messages near the failure`);
      assertEquals(await page.evaluate(COUNT(".failure")), 1);
      const drawMs = await page.evaluate<number>(`(() => {
      whole();
      const begin = performance.now();
      draw();
      return performance.now() - begin;
    })()`);
      const all = await page.evaluate<number>(COUNT(".message"));
      assert(all > 1_000 && all <= 2_000, `${all} messages in all`);
      // A tenth of this is usual; the limit only detects quadratic growth.
      assert(drawMs < 1_000, `drawn in ${drawMs} ms`);
      assertStringIncludes(
        await page.evaluate<string>(
          `document.getElementById("status").innerText`,
        ),
        "10000 of 10000 messages",
      );
    });
  },
  [chromium],
);

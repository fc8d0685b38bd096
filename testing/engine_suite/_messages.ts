import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Engine } from "../../agent/cluster/engine.ts";
import { assertSameBytes, bytes, type Obligations } from "./_stage.ts";

/** Obligations of messages. */
export const messageObligations: Obligations = {
  messages: {
    title: "sends messages to all who subscribe, in the order of their sender",
    async run(stage) {
      const engines = await stage.engines(3);
      const heard = [];
      for (const engine of [...engines, engines[0]!]) {
        heard.push(await stage.subscribe(engine, "news.local"));
      }
      for (let n = 0; n < 50; n++) {
        for (const [at, engine] of engines.entries()) {
          engine.publish("news.local", bytes(`${at} ${n}`));
        }
      }
      for (const told of heard) {
        await told.until(({ length }) => length >= 150);
        for (let at = 0; at < 3; at++) {
          const own = told.all.filter((it) => it.startsWith(`${at} `));
          assertEquals(own, Array.from({ length: 50 }, (_, n) => `${at} ${n}`));
        }
      }
    },
  },
  topics: {
    title: "keeps topics apart, and refuses those that are no words",
    async run(stage) {
      const engine = await stage.open();
      const told = await stage.subscribe(engine, "a.b");
      for (const topic of ["a", "a.b.c", "a.c", "A.b"]) {
        engine.publish(topic, bytes(topic));
      }
      engine.publish("a.b", bytes("mine"));
      await told.until(({ length }) => length > 0);
      assertEquals(told.all, ["mine"]);
      for (const topic of ["", "a.", "a.*", ">", "a b"]) {
        assertThrows(() => engine.publish(topic, bytes("x")), TypeError);
        await assertRejects(() => engine.subscribe(topic, () => {}), TypeError);
      }
    },
  },
  fromNowOn: {
    title: "sends messages to those who subscribe at that time",
    async run(stage) {
      const [one, other] = await stage.engines(2) as [Engine, Engine];
      for (let n = 0; n < 20; n++) {
        one.publish(`t${n}`, bytes("early"));
        const early = await stage.subscribe(one, `t${n}`);
        other.publish(`t${n}`, bytes("now"));
        await early.until(({ length }) => length > 0);
        if (early.all.length > 1) assertEquals(early.all, ["early", "now"]);
        else assertEquals(early.all, ["now"]);
      }
    },
  },
  messageBytes: {
    title: "sends the bytes that a message had, up to 512 KiB",
    async run(stage) {
      const [one, other] = await stage.engines(2) as [Engine, Engine];
      const told: Uint8Array[] = [];
      await stage.hear(other, "a", (message) => told.push(message));
      const end = await stage.subscribe(other, "a");
      const message = new Uint8Array(512 * 1024);
      for (let at = 0; at < message.length; at++) message[at] = at * 11 % 253;
      const sent = message.slice();
      one.publish("a", sent);
      sent.fill(0);
      one.publish("a", new Uint8Array());
      await end.until(({ length }) => length >= 2);
      assertSameBytes(told[0]!, message);
      assertEquals(told[1]!.length, 0);
      const longer = new Uint8Array(512 * 1024 + 1);
      assertThrows(() => one.publish("a", longer), RangeError);
    },
  },
  unsubscribe: {
    title: "sends nothing once a subscription is disposed of, repeatably",
    async run(stage) {
      const engine = await stage.open();
      const heard: string[] = [];
      const own = await engine.subscribe("a", () => heard.push("own"));
      const other = await stage.subscribe(engine, "a");
      engine.publish("a", bytes("1"));
      await other.until(({ length }) => length >= 1);
      await own[Symbol.asyncDispose]();
      await own[Symbol.asyncDispose]();
      engine.publish("a", bytes("2"));
      await other.until(({ length }) => length >= 2);
      assertEquals(heard, ["own"]);
      const again = await stage.subscribe(engine, "a");
      engine.publish("a", bytes("3"));
      await again.until(({ length }) => length >= 1);
      assertEquals(again.all, ["3"]);
    },
  },
};

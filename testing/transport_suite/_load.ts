import { type End, mebibytes, type Obligations } from "./_stage.ts";

/** Obligations under load. */
export const loadObligations: Obligations = {
  manyConnections: {
    title: "serves 300 connections at once",
    async run(stage) {
      const count = 300;
      const { address } = await stage.listen();
      const numbers = Array.from({ length: count }, (_, n) => `${1_000 + n}`);
      const serving = (async () => {
        for (const _ of numbers) echo(await stage.accepted(), 4);
      })();
      const clients = await Promise.all(
        numbers.map(() => stage.connect(address)),
      );
      await Promise.all(clients.map((it, n) => it.write(numbers[n]!)));
      await Promise.all(clients.map((it, n) => it.expect(numbers[n]!)));
      await serving;
    },
  },
  manyWrites: {
    title: "keeps 5,000 small writes each way in order",
    async run(stage) {
      const { client, server } = await stage.pair();
      const texts = Array.from({ length: 5_000 }, (_, n) => `${n} `);
      const wanted = texts.join("");
      const write = async (end: End) => {
        for (const text of texts) await end.write(text);
      };
      await Promise.all([
        write(client),
        write(server),
        client.expect(wanted),
        server.expect(wanted),
      ]);
    },
  },
  bothDirections: {
    title: "carries 20 MiB each way at once without a deadlock",
    async run(stage) {
      const { client, server } = await stage.pair();
      const payload = mebibytes(20);
      await Promise.all([
        client.write(payload),
        server.write(payload),
        client.expect(payload),
        server.expect(payload),
      ]);
    },
  },
};

/** Echoes the first `length` bytes. */
async function echo(end: End, length: number): Promise<void> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    at += await end.stream.read(bytes.subarray(at)) ?? length;
  }
  await end.write(bytes);
}

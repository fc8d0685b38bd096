import { assertRejects } from "@std/assert";
import { mebibytes, type Obligations } from "./_stage.ts";

/** Obligations at the end of a connection. */
export const endingObligations: Obligations = {
  closeWrite: {
    title: "ends its direction after all that was written, and goes on reading",
    async run(stage) {
      const { client, server } = await stage.pair();
      const early = new Uint8Array(50_000).fill(7);
      await server.write(early);
      const payload = mebibytes(5);
      const ending = client.write(payload)
        .then(() => client.stream.closeWrite());
      await server.expect(payload);
      await ending;
      await server.expectEnd();
      await server.write("late");
      await client.expect(early);
      await client.expect("late");
      await server.stream.closeWrite();
      await client.expectEnd();
    },
  },
  close: {
    title: "rejects reads and writes after close, and ends those of the peer",
    async run(stage) {
      const { client, server } = await stage.pair();
      const reading = client.stream.read(new Uint8Array(8));
      const failing = assertRejects(() => reading);
      client.close();
      await failing;
      await assertRejects(() => client.write("too late"));
      await server.drain();
    },
  },
  closeBothWays: {
    title: "closes on both sides at once",
    async run(stage) {
      const { client, server } = await stage.pair();
      await Promise.all([client.write("a"), server.write("b")]);
      client.close();
      server.close();
      await stage.turns(20);
    },
  },
  peerGone: {
    title: "ends the reads of a writer whose peer has closed",
    async run(stage) {
      const { client, server } = await stage.pair();
      const writeForEver = async () => {
        for (;;) await client.write(new Uint8Array(1_000));
      };
      const failing = assertRejects(writeForEver);
      server.close();
      await client.drain();
      client.close();
      await failing;
    },
  },
};

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type Random,
  randomBytes,
  randomInteger,
  seededRandom,
} from "../network/random.ts";
import { type End, mebibytes, type Obligations, type Stage } from "./_stage.ts";

/** Obligations about bytes in transit. */
export const byteObligations: Obligations = {
  bytes: {
    title: "carries bytes both ways, in order, however they are cut",
    async run(stage) {
      const { client, server } = await stage.pair();
      await Promise.all([
        carry(client, server, seededRandom(1)),
        carry(server, client, seededRandom(2)),
      ]);
    },
  },
  shortReads: {
    title: "reads into the given bytes alone, and keeps the rest",
    async run(stage) {
      const { client, server } = await stage.pair();
      await client.write("0123456789");
      const buffer = new Uint8Array(9).fill(0xff);
      let text = "";
      while (text.length < 10) {
        const into = buffer.subarray(3, 6);
        const read = await server.stream.read(into);
        assert(read !== null && read <= 3);
        text += new TextDecoder().decode(into.subarray(0, read));
        const outside = [...buffer.subarray(0, 3), ...buffer.subarray(6)];
        assertEquals(outside, Array(6).fill(0xff));
      }
      assertEquals(text, "0123456789");
    },
  },
  copies: {
    title: "copies bytes, so that neither side can change the other's",
    async run(stage) {
      const { client, server } = await stage.pair();
      const wanted = new Uint8Array(10 * 8);
      const buffer = new Uint8Array(8);
      for (let n = 0; n < 10; n++) {
        wanted.fill(n, n * 8, n * 8 + 8);
        await client.write(buffer.fill(n));
      }
      buffer.fill(0xee);
      await server.expect(wanted);
      await client.write(buffer);
      const into = new Uint8Array(8);
      const read = await server.stream.read(into);
      into.fill(0xdd);
      assertEquals([...buffer], Array(8).fill(0xee));
      await server.expect(buffer.subarray(read!));
    },
  },
  backpressure: {
    title:
      "lets a writer wait for a peer that does not read, and loses nothing",
    async run(stage) {
      const { client, server } = await stage.pair();
      const writing = await block(stage, client);
      await server.expect(mebibytes(BLOCKING_MIB));
      await writing();
      await client.write("and on");
      await server.expect("and on");
    },
  },
  closeWhileBlocked: {
    title: "closes at once although the peer does not read",
    async run(stage) {
      const { client, server } = await stage.pair();
      const failing = assertRejects(await block(stage, client));
      client.close();
      await failing;
      await server.drain();
    },
  },
};

/** Sends a megabyte in pieces, and reads it in pieces of other sizes. */
async function carry(from: End, to: End, random: Random): Promise<void> {
  const bytes = randomBytes(random, 1_000_000);
  const send = async () => {
    for (const piece of pieces(bytes, random)) await from.write(piece);
  };
  const receive = async () => {
    for (const piece of pieces(bytes, random)) await to.expect(piece);
  };
  await Promise.all([send(), receive()]);
}

function* pieces(bytes: Uint8Array, random: Random): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length;) {
    const piece = bytes.subarray(at, at + randomInteger(random, 1, 5_000));
    at += piece.length;
    yield piece;
  }
}

/** More than any transport should buffer for a peer that does not read. */
const BLOCKING_MIB = 32;

/**
 * Writes until the stream accepts no more. Returns a function that waits for
 * the rest.
 */
async function block(stage: Stage, end: End): Promise<() => Promise<void>> {
  const payload = mebibytes(BLOCKING_MIB);
  const writing = end.write(payload);
  writing.catch(() => {});
  await stage.turns(100);
  const { written } = end;
  const isHeldBack = written < payload.length / 2;
  assert(isHeldBack, `Took ${written} bytes that the peer has not read`);
  return () => writing;
}

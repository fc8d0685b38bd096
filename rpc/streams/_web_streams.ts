/** Returns whether a value is a `WritableStream`. */
export function isSink(value: unknown): value is WritableStream<unknown> {
  return value instanceof WritableStream;
}

/**
 * Returns an iterator of a stream. The built-in iterator of a `ReadableStream`
 * would delay its cancellation until a pending `next` has ended.
 */
export function openIterator<T>(stream: AsyncIterable<T>): AsyncIterator<T> {
  if (!(stream instanceof ReadableStream)) {
    return stream[Symbol.asyncIterator]();
  }
  const reader: ReadableStreamDefaultReader<T> = stream.getReader();
  return {
    async next() {
      const { done, value } = await reader.read();
      return done ? { done, value: undefined } : { done, value };
    },
    async return() {
      await reader.cancel();
      return { done: true, value: undefined };
    },
  };
}

/** Returns a `ReadableStream` of the items of a received stream. */
export function toReadable(
  stream: AsyncIterator<unknown>,
): ReadableStream<unknown> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await stream.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await stream.return?.();
    },
  }, { highWaterMark: 0 });
}

/**
 * Returns a `WritableStream` that passes the written chunks to `send` as a
 * stream, from the first write on. It closes once `send` has resolved.
 */
export function toSink(
  send: (items: ReadableStream<unknown>) => Promise<unknown>,
): WritableStream<unknown> {
  const { readable, writable } = new TransformStream<unknown, unknown>();
  const writer = writable.getWriter();
  let sent: Promise<unknown> | null = null;
  const begin = () => {
    sent ??= send(readable).catch(async (error) => {
      await writer.abort(error);
      throw error;
    });
    // The error is rethrown by `close`, if that is called.
    sent.catch(() => {});
    return sent;
  };
  return new WritableStream({
    async write(chunk) {
      begin();
      await writer.write(chunk);
    },
    async close() {
      const sent = begin();
      await writer.close();
      await sent;
    },
    async abort(reason) {
      begin();
      await writer.abort(reason);
    },
  });
}

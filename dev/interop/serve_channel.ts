import type { Channel } from "../../channel/channel.ts";
import type { Request } from "../../channel/request.ts";
import { Point, show } from "./things.ts";

/** Answers `[what, value]` like `serve_channel` in `python/peer.py`. */
export async function serveChannel(channel: Channel): Promise<void> {
  for await (const request of channel) await answer(request);
}

async function answer(request: Request): Promise<void> {
  const [what, value] = request.content as [string, unknown];
  switch (what) {
    case "echo":
      return await request.reply(value);
    case "hear":
      return await request.reply(show(value));
    case "move": {
      const { x, y } = value as Point;
      return await request.reply(new Point(x + 1, y + 1));
    }
    case "fail":
      return await request.fail(new RangeError(String(value)));
  }
}

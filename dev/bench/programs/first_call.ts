/** Loads channels and makes a first call. */
import { openConnection, startServer } from "@denomas/denomas/channel";

await using server = await startServer("local://first", async (channel) => {
  for await (const request of channel) request.reply(request.content);
});
await using channel = await openConnection(server.address);
await channel.send("Ada");

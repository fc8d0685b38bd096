/** Loads RPC and makes a first call. */
import { openConnection, service, startServer } from "@denomas/denomas/rpc";

const echoes = service({ echo: (text: string) => text });
await using server = await startServer("local://first", echoes);
await using client = await openConnection<typeof echoes>(server.address);
await client.remote.echo("Ada");

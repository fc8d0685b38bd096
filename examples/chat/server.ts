import { AuthenticationError, startServer } from "@denomas/denomas/rpc";
import { webSocketDoor } from "@denomas/denomas/websocket";
import { fileURLToPath } from "node:url";
import { Chat } from "./chat.ts";

/**
 * Serves the page and the chat on one port. Lines are stored in `file`, if
 * given.
 */
export async function startChat(port: number, file?: string) {
  const files = await loadFiles();
  const door = webSocketDoor();
  const rpc = await startServer(door.address, new Chat(file), {
    transports: [door],
    authenticate: nameIn,
    // A client that is lost without closing leaves the room within seconds.
    heartbeatMs: 5_000,
  });
  const web = Deno.serve(
    { hostname: "127.0.0.1", port, onListen: () => {} },
    (request, info) => door.upgrade(request, info) ?? reply(files, request),
  );
  return {
    address: `http://127.0.0.1:${web.addr.port}/`,
    async [Symbol.asyncDispose]() {
      await rpc.close();
      await web.shutdown();
    },
  };
}

/** Returns the client's name, the only credential that this chat requires. */
function nameIn(credentials: unknown): string {
  const name = String(credentials);
  if (/^[\p{L}\p{N} ._-]{1,20}$/u.test(name)) return name;
  throw new AuthenticationError("A name has 1 to 20 letters and digits");
}

/** The files of the page, with their types, by path. */
type Files = ReadonlyMap<string, readonly [type: string, body: string]>;

async function loadFiles(): Promise<Files> {
  const url = (name: string) => new URL(`page/${name}`, import.meta.url);
  return new Map([
    ["/", ["text/html", await Deno.readTextFile(url("index.html"))]],
    ["/style.css", ["text/css", await Deno.readTextFile(url("style.css"))]],
    ["/page.js", ["text/javascript", await bundle(url("page.ts"))]],
  ]);
}

function reply(files: Files, request: Request): Response {
  const [type, body] = files.get(new URL(request.url).pathname) ?? [];
  if (type === undefined) return new Response("Not found", { status: 404 });
  const headers = { "content-type": `${type}; charset=utf-8` };
  return new Response(body, { headers });
}

/** Bundles a module and its imports into one script. */
async function bundle(module: URL): Promise<string> {
  const flags = ["--quiet", "--minify", "--platform", "browser"];
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", ...flags, fileURLToPath(module)],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error("Cannot bundle the page: see above");
  return new TextDecoder().decode(stdout);
}

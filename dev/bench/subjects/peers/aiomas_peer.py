"""Serves by aiomas, or calls by it, as `aiomas.ts` tells.

``serve HOST PORT`` prints the real port and serves until its input ends.
``call HOST PORT`` connects, prints a line, and does what each line of its
input says, ``{"id", "act", ...}``, which a line ``{"id", "ok"}`` or
``{"id", "error"}`` answers; it ends with its input.
"""
import asyncio
import json
import sys
from time import perf_counter

import stand_ins  # noqa: F401
import aiomas


class Greeter:
    router = aiomas.rpc.Service()

    @aiomas.expose
    def answer(self, question):
        return {'greeting': 'Hello, ' + question['name'], 'n': question['n']}

    @aiomas.expose
    def echo(self, payload):
        return payload

    @aiomas.expose
    async def hang(self):
        await asyncio.Event().wait()


class Client:
    """Does what the lines say, each by the method of its name."""

    def __init__(self, remote):
        self.remote = remote
        self.tasks = set()

    def begin(self, line):
        task = asyncio.ensure_future(self.reply(**json.loads(line)))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def reply(self, *, id, act, args):
        try:
            tell({'id': id, 'ok': await getattr(self, act)(*args)})
        except Exception as error:
            tell({'id': id, 'error': repr(error)})

    async def call(self, question):
        return await self.remote.answer(question)

    async def echo(self, payload):
        return await self.remote.echo(payload)

    async def hang(self):
        await self.remote.hang()

    async def measure(self, calls, in_flight):
        left = iter(range(calls))
        each = []

        async def call_on_and_on():
            for n in left:
                called = perf_counter()
                reply = await self.remote.answer({'name': 'Ada', 'n': n})
                each.append(perf_counter() - called)
                if reply['n'] != n:
                    raise ValueError(f'call {n} was answered with {reply}')

        started = perf_counter()
        await asyncio.gather(*(call_on_and_on() for _ in range(in_flight)))
        us = (perf_counter() - started) / calls * 1e6
        return {'us': us, 'eachUs': [seconds * 1e6 for seconds in each]}


def tell(value):
    print(json.dumps(value), flush=True)


async def lines_of_input():
    """The lines of the input, to its end."""
    reader = asyncio.StreamReader(limit=2 ** 24)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield line


async def serve(place):
    clients = []
    server = await aiomas.rpc.start_server(place, Greeter(), clients.append)
    tell(server.sockets[0].getsockname()[1])
    async for _ in lines_of_input():
        pass
    server.close()
    for client in clients:
        await client.close()


async def call(place):
    connection = await aiomas.rpc.open_connection(place)
    client = Client(connection.remote)
    tell('connected')
    async for line in lines_of_input():
        client.begin(line)
    for task in client.tasks:
        task.cancel()
    await connection.close()


if __name__ == '__main__':
    role, host, port = sys.argv[1:]
    asyncio.run({'serve': serve, 'call': call}[role]((host, int(port))))

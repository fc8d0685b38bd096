"""Serves and calls by aiomas as it is told.

Each line of its input is a command, ``{"id", "act", ...}``; each is answered
by a line ``{"id", "ok"}`` or ``{"id", "error"}``, in whatever order they are
done. It ends with its input.
"""
import asyncio
import itertools
import json
import logging
import os
import socket
import sys
import traceback
from importlib.metadata import version

import stand_ins  # noqa: F401
import aiomas

import recording
from things import Host, Point, Service, build, show

CODECS = {'json': aiomas.JSON, 'msgpack': aiomas.MsgPack}


class Peer:
    """Does what the commands say; what it holds has numbers."""

    def __init__(self):
        self.handles = itertools.count()
        self.things = {}
        self.services = {}
        self.clients = {}
        self.paths = {}
        self.tasks = set()
        self.main = asyncio.current_task()

    def keep(self, thing, service=None, path=None):
        handle = next(self.handles)
        self.things[handle] = thing
        self.services[handle] = service
        self.paths[handle] = path
        return handle

    # Channels and RPC

    async def serve(self, *, layer, address, codec, points=False, tls=None):
        service = Service() if layer == 'rpc' else None
        clients = []

        if layer == 'rpc':
            start = aiomas.rpc.start_server
            args = (service, clients.append)
        else:
            start = aiomas.channel.start_server

            async def connected(channel):
                clients.append(channel)
                await serve_channel(channel)

            args = (connected,)

        kwargs = options(codec, points)
        if tls is not None:
            kwargs['ssl'] = aiomas.make_ssl_server_context(**tls)
        server = await start(to_python(address), *args, **kwargs)
        handle = self.keep(server, service, path_of(address))
        self.clients[handle] = clients
        return {'handle': handle, 'address': real_address(server, address)}

    async def open(self, *, layer, address, codec, points=False,
                   serves=False, tls=None):
        kwargs = options(codec, points)
        if tls is not None:
            kwargs['ssl'] = aiomas.make_ssl_client_context(**tls)
        address = to_python(address)
        if layer == 'channel':
            channel = await aiomas.channel.open_connection(address, **kwargs)
            self.start(serve_channel(channel))
            return self.keep(channel)
        service = Service() if serves else None
        client = await aiomas.rpc.open_connection(
            address, rpc_service=service, **kwargs)
        return self.keep(client, service)

    async def client(self, *, server, index=-1):
        """Takes the other end of a connection to a server."""
        client = self.clients[server][index]
        return self.keep(client, self.services[server])

    async def send(self, *, on, content):
        return show(await self.things[on].send(build(content, self.own(on))))

    async def call(self, *, on, path, args=(), kwargs=None):
        return show(await self.begin(on, path, args, kwargs or {}))

    def begin(self, on, path, args, kwargs):
        own = self.own(on)
        method = self.things[on]
        args = [build(arg, own) for arg in args]
        if isinstance(method, aiomas.channel.Channel):
            return method.send([path, *args])
        if isinstance(method, aiomas.rpc.RpcClient):
            method = method.remote
        for part in path.split('/') if path else []:
            method = getattr(method, part)
        return method(*args, **build(kwargs, own))

    async def take(self, *, on, path, args=()):
        """Calls, and keeps the proxy that is returned."""
        proxy = await self.begin(on, path, args, {})
        return self.keep(proxy, self.services[on])

    async def give_up(self, *, on, path):
        """Calls, gives it up when it runs there, and goes on."""
        task = asyncio.ensure_future(self.begin(on, path, [], {}))
        done, _ = await asyncio.wait([task], timeout=0.05)
        task.cancel()
        return len(done)

    async def later(self, *, on, path):
        """Begins a call, whose end is asked for by 'outcome'."""
        future = self.begin(on, path, [], {})
        return self.keep(future)

    async def outcome(self, *, on):
        return show(await self.things[on])

    async def flood(self, *, on, count):
        """Makes many calls at once; returns how many got the right answer."""
        calls = [self.begin(on, 'echo', [i], {}) for i in range(count)]
        results = await asyncio.gather(*calls)
        return sum(result == i for i, result in enumerate(results))

    async def hear_of_loss(self, *, on):
        """Whose 'outcome' comes when a connection has ended, by the service."""
        client = self.things[on]
        reset = asyncio.get_running_loop().create_future()
        client.on_connection_reset(lambda exc: reset.set_result(repr(exc)))
        return self.keep(reset)

    # Agents

    async def container(self, *, address, codec, points=False, clock=None,
                        tls=None):
        kwargs = options(codec, points)
        if tls is not None:
            kwargs['ssl'] = aiomas.SSLCerts(**tls)
        if clock is not None:
            kwargs['clock'] = aiomas.ExternalClock(clock)

        async def create(addr):
            return await aiomas.Container.create(addr, as_coro=True, **kwargs)

        container, addr = await at_free_port(create, to_python(address))
        handle = self.keep(container, path=path_of(address))
        return {'handle': handle, 'address': url(addr)}

    async def agent(self, *, container):
        agent = Host(self.things[container])
        return {'handle': self.keep(agent), 'address': agent.addr}

    async def forget(self, *, container, aid):
        """Takes an agent away; aiomas has no method for it."""
        del self.things[container].agents.dict[aid]

    async def connect(self, *, container, address, timeout=0, within=None):
        connecting = self.things[container].connect(address, timeout)
        proxy = await asyncio.wait_for(connecting, within)
        return self.keep(proxy)

    async def describe(self, *, on):
        return str(self.things[on])

    async def manage(self, *, address, codec, clock=None):
        """Runs 'aiomas.subproc.start', which has a manager with the id 0."""
        kwargs = {'codec': CODECS[codec]}
        if clock is not None:
            kwargs['clock'] = aiomas.ExternalClock(clock)

        async def start(addr):
            task = self.start(aiomas.subproc.start(addr, **kwargs))
            await asyncio.wait([task], timeout=0.02)
            if task.done():
                await task
            return task

        task, addr = await at_free_port(start, to_python(address))
        return {
            'handle': self.keep(task, path=path_of(address)),
            'address': url(addr) + '/0',
        }

    # All

    async def reset(self):
        """Closes all things and gives up all tasks, as a new process would."""
        for handle in reversed(list(self.things)):
            await self.close(on=handle)
        own = {self.main, asyncio.current_task()}
        for task in asyncio.all_tasks() - own:
            task.cancel()

    async def close(self, *, on):
        """Closes a thing; repeatable."""
        if on not in self.things:
            return
        thing, path = self.things.pop(on), self.paths.pop(on)
        if isinstance(thing, aiomas.Container):
            await thing.shutdown(as_coro=True)
        elif isinstance(thing, asyncio.Task):
            thing.cancel()
        elif isinstance(thing, asyncio.AbstractServer):
            thing.close()
            for client in self.clients.pop(on):
                await client.close()
        elif isinstance(thing, (aiomas.channel.Channel,
                                aiomas.rpc.RpcClient)):
            try:
                await thing.close()
            except RuntimeError:
                # It was broken before, which only closing tells.
                pass
        if path is not None and os.path.exists(path):
            os.remove(path)

    async def versions(self):
        return {name: version(name) for name in
                ('aiomas', 'arrow', 'msgpack')}

    async def raw(self, *, address, hex):
        """Sends bytes as they are, and reads until the end."""
        address = to_python(address)
        if isinstance(address, tuple):
            reader, writer = await asyncio.open_connection(*address)
        else:
            reader, writer = await asyncio.open_unix_connection(address)
        writer.write(bytes.fromhex(hex))
        answer = await reader.read()
        writer.close()
        return answer.hex()

    async def record(self):
        recording.start()

    async def recorded(self):
        return recording.take()

    def start(self, coro):
        task = asyncio.get_running_loop().create_task(coro)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def own(self, on):
        def find(name):
            thing = self.services[on]
            if isinstance(name, int):
                thing = self.things[name]
            elif name:
                thing = getattr(thing, name)
            return thing

        return find


async def serve_channel(channel):
    """Answers ``[what, value]`` until the connection ends."""
    try:
        while True:
            request = await channel.recv()
            what, value = request.content
            if what == 'echo':
                await request.reply(value)
            elif what == 'hear':
                await request.reply(show(value))
            elif what == 'move':
                await request.reply(Point(value.x + 1, value.y + 1))
            elif what == 'fail':
                try:
                    raise ValueError(value)
                except ValueError as exc:
                    await request.fail(exc)
    except ConnectionError:
        pass
    finally:
        await channel.close()


def options(codec, points):
    serializers = [Point.__serializer__] if points else []
    return {'codec': CODECS[codec], 'extra_serializers': serializers}


def to_python(address):
    if address.startswith('ipc://'):
        return path_of(address)
    host, port = address[len('tcp://'):].rsplit(':', 1)
    return (host, int(port))


def path_of(address):
    return address[len('ipc://['):-1] if address.startswith('ipc') else None


def url(addr):
    return 'ipc://[%s]' % addr if isinstance(addr, str) else (
        'tcp://%s:%d' % addr)


def real_address(server, address):
    if address.startswith('ipc://'):
        return address
    return url(server.sockets[0].getsockname()[:2])


async def at_free_port(start, addr):
    """Starts at a free port: aiomas would tell the port 0 in its addresses."""
    while True:
        chosen = addr
        if isinstance(addr, tuple) and addr[1] == 0:
            with socket.socket() as sock:
                sock.bind(addr)
                chosen = sock.getsockname()
        try:
            return await start(chosen), chosen
        except OSError:
            # Somebody else has taken it in between.
            if chosen == addr:
                raise


async def obey(peer, command, write):
    number = command.pop('id')
    try:
        act = getattr(peer, command.pop('act'))
        write({'id': number, 'ok': await act(**command)})
    except (Exception, asyncio.CancelledError) as exc:
        write({'id': number, 'error': {
            'name': type(exc).__name__,
            'message': str(exc),
            'remote': getattr(exc, 'remote_traceback', None),
            'trace': ''.join(traceback.format_exception(exc)),
        }})


async def main():
    # aiomas leaves tasks behind whose failures nobody reads.
    logging.getLogger('asyncio').setLevel(logging.CRITICAL)
    loop = asyncio.get_running_loop()
    peer = Peer()

    def write(answer):
        print(json.dumps(answer), flush=True)

    while True:
        # In a thread, since Windows can wait for its input in no other way.
        line = await loop.run_in_executor(None, sys.stdin.buffer.readline)
        if not line:
            break
        peer.start(obey(peer, json.loads(line), write))


if __name__ == '__main__':
    asyncio.run(main())

"""What the program in Python serves, and how its values look as plain JSON."""
import asyncio
import math

import aiomas
import arrow


@aiomas.serializable
class Point:
    """A class that both sides have registered."""

    def __init__(self, x, y):
        self.x = x
        self.y = y


class Kitchen:
    """A service inside another one."""
    router = aiomas.rpc.Service()

    @aiomas.expose
    def cook(self, what):
        return 'cooked ' + what


class Methods:
    """What can be called, in each layer."""

    @aiomas.expose
    def echo(self, value):
        return value

    @aiomas.expose
    def hear(self, value):
        return show(value)

    @aiomas.expose
    def greet(self, name, *, times=1):
        return ' '.join(['Hello, ' + name] * times)

    @aiomas.expose
    def fail(self, message):
        raise ValueError(message)

    @aiomas.expose
    def me(self):
        return self

    @aiomas.expose
    def get_kitchen(self):
        return self.kitchen

    @aiomas.expose
    async def ask(self, other, name):
        return await other.greet(name)

    @aiomas.expose
    async def run(self, func, value):
        return await func(value)

    @aiomas.expose
    def tomorrow(self, date):
        return date.shift(days=1)

    @aiomas.expose
    def move(self, point):
        return Point(point.x + 1, point.y + 1)

    @aiomas.expose
    async def nap(self):
        await asyncio.get_running_loop().create_future()

    @aiomas.expose
    async def hold(self):
        """Waits for 'release', and so shows late replies."""
        self.held = asyncio.get_running_loop().create_future()
        await self.held
        return 'late'

    @aiomas.expose
    def release(self):
        self.held.set_result(None)


class Service(Methods):
    router = aiomas.rpc.Service(['kitchen'])

    def __init__(self):
        self.kitchen = Kitchen()


class Host(Methods, aiomas.Agent):
    router = aiomas.rpc.Service(['kitchen'])

    def __init__(self, container):
        self.kitchen = Kitchen()
        super().__init__(container)

    @aiomas.expose
    def get_address(self):
        return self.addr

    @aiomas.expose
    async def visit(self, address, name):
        other = await self.container.connect(address)
        return await other.greet(name)

    @aiomas.expose
    def now(self):
        return [self.container.clock.time(), self.container.clock.utcnow()]

    @aiomas.expose
    async def sleep_until(self, t):
        await self.container.clock.sleep_until(t)
        return self.container.clock.time()


def show(value):
    """*value* as JSON can carry it, with tags where it has no such thing."""
    if isinstance(value, float) and not math.isfinite(value):
        name = 'NaN' if math.isnan(value) else 'Infinity'
        return {'$float': '-' + name if value < 0 else name}
    if isinstance(value, (bytes, bytearray)):
        return {'$bytes': bytes(value).hex()}
    if isinstance(value, arrow.Arrow):
        return {'$date': value.to('UTC').isoformat()}
    if isinstance(value, Point):
        return {'$point': [value.x, value.y]}
    if isinstance(value, aiomas.rpc.Proxy):
        return {'$proxy': value._path}
    if isinstance(value, dict):
        return {key: show(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [show(item) for item in value]
    return value


def build(value, own):
    """The value that 'show' would show so; *own* finds services by name."""
    if isinstance(value, list):
        return [build(item, own) for item in value]
    if not isinstance(value, dict):
        return value
    for tag, make in (
        ('$float', float),
        ('$bytes', bytes.fromhex),
        ('$date', arrow.get),
        ('$point', lambda it: Point(*it)),
        ('$own', own),
    ):
        if tag in value:
            return make(value[tag])
    return {key: build(item, own) for key, item in value.items()}

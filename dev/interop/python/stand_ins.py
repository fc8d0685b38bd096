"""Lets aiomas 2.0.1, whose last release is of 2017, run on a Python of today.

Its files stay as they are: each module of it gets a stand-in for the packages
whose functions have changed since. Import this before anything of aiomas is
used.
"""
import asyncio
import functools

import aiomas
import msgpack


class StandIn:
    """A module with some of its functions replaced."""

    def __init__(self, module, **replaced):
        self._module = module
        self.__dict__.update(replaced)

    def __getattr__(self, name):
        return getattr(self._module, name)


def without(name, func):
    """*func*, which takes no argument *name* any more."""
    @functools.wraps(func)
    def called(*args, **kwargs):
        kwargs.pop(name, None)
        return func(*args, **kwargs)

    return called


def unpackb(data, *, encoding, **kwargs):
    # Keys that are no text were fine until msgpack 1.0.
    return msgpack.unpackb(data, raw=False, strict_map_key=False, **kwargs)


def utcnow(self):
    return self._utc_start.shift(seconds=self._time)


# The argument 'loop' is gone since Python 3.10.
_asyncio = StandIn(
    asyncio,
    gather=without('loop', asyncio.gather),
    sleep=without('loop', asyncio.sleep),
    Queue=without('loop', asyncio.Queue),
)
for module in (aiomas.agent, aiomas.channel, aiomas.clocks,
               aiomas.local_queue, aiomas.rpc, aiomas.subproc):
    module.asyncio = _asyncio

# 'encoding' is gone since msgpack 1.0.
aiomas.codecs.msgpack = StandIn(msgpack, unpackb=unpackb)

# 'replace(seconds=…)' of a date is 'shift' since arrow 0.14.
aiomas.ExternalClock.utcnow = utcnow

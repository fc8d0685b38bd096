"""Plays the day with mosaik: scenario.py PARK CONTROLLER.

The arguments are the commands of the two simulators, as lists in JSON. Prints
what the collector has, as JSON: by time, attribute and source.
"""

import json
import shlex
import sys

import mosaik
from loguru import logger
from day import DAY, LIMITS, STEP, TURBINES, wind_at


def starter(command):
    """mosaik puts its address in; `posix` makes it read quotes as a shell."""
    escaped = shlex.join(command).replace("%", "%%")
    return {"cmd": f"{escaped} %(addr)s", "posix": True}


def main(park_command, controller_command):
    world = mosaik.World(
        {
            "Wind": {"python": "mosaik.basic_simulators:InputSimulator"},
            "Collector": {"python": "mosaik.basic_simulators:OutputSimulator"},
            "WindPark": starter(park_command),
            "Control": starter(controller_command),
        },
        skip_greetings=True,
    )
    with world:
        wind = world.start("Wind", step_size=STEP).Function(function=wind_at)
        # Cap and power are settled within one time: the group allows the loop.
        with world.group():
            park = world.start("WindPark").Park(turbines=TURBINES)
            controller = world.start("Control").Controller(limits=LIMITS)
        collector_sim = world.start("Collector")
        collector = collector_sim.Dict()

        for turbine in park.children:
            world.connect(wind, turbine, ("value", "wind"))
            world.connect(turbine, collector, "power")
        world.connect(park, controller, "available")
        world.connect(controller, park, "cap", weak=True)
        world.connect(park, collector, "available", "power")
        world.connect(controller, collector, "cap")

        world.run(until=DAY, print_progress=False)
        collected = collector_sim.get_dict(collector.eid)
    print(json.dumps(collected))


if __name__ == "__main__":
    logger.remove()
    logger.add(sys.stderr, level="WARNING")
    main(*map(json.loads, sys.argv[1:]))

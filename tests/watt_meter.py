"""A plugin with a meter of our own: each reading says what so many watts come to in an hour."""

METER = """
from imhi import Energy, EnergyMeter, hookimpl

class Watts:
    def __init__(self, value, fails_at):
        self.watts, self.fails_at, self.reads = float(value), fails_at, 0

    def read(self):
        self.reads += 1
        if self.reads == self.fails_at:
            raise OSError("the socket is gone")
        kwh = self.watts / 1000 * self.reads
        return Energy(kwh, 400 * kwh, 3600.0 * self.reads, {"cpu": kwh}, ("watts 1",), ("NOR",),
                      ("this machine",), ("cpu: said to be so",))

    def close(self):
        pass

@hookimpl
def imhi_energy_meters():
    from imhi import Argument
    yield EnergyMeter("watts", "So many watts", create=Watts, value="WATTS",
                      arguments=[Argument("fails_at", "The reading that fails", 0, int)])
"""

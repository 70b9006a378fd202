"""The conductor of `make run-full`: that of `make run`, with real servers for the destinations.

The gateway publishes to mosquitto and writes to InfluxDB; VictoriaMetrics asks for its /metrics.
What has arrived is shown every now and then. All of it ends with the conductor.
"""

import asyncio
import contextlib
import shutil
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tools.simulator import run, servers  # noqa: E402

_INTERVAL = 10  # s between two readings
_SHOW = 30  # s between two looks at what has arrived
_POWERS = ("apparent_va", "net_va", "minute_w")


class Full(run.Conductor):
    """All the parts of one run."""

    def __init__(self, options, micropython: str, state: str):
        super().__init__(options, micropython, state)
        self._folder = Path(tempfile.mkdtemp(prefix="ticgate-servers-"))
        self._influx = servers.InfluxDB(self._folder / "influxdb", usual=True)
        self._victoria = servers.VictoriaMetrics(self._folder / "victoria", usual=True)
        self._mosquitto = servers.Mosquitto(self._folder / "mosquitto", usual=True)

    async def run(self) -> int:
        """As it says there."""
        try:
            await asyncio.to_thread(self._influx.start)
            self._influx.say("CREATE DATABASE tic")
            return await super().run()
        except servers.Absent as problem:
            raise run.Problem(str(problem)) from None
        finally:
            for server in (self._influx, self._victoria, self._mosquitto):
                server.stop()
            shutil.rmtree(self._folder, ignore_errors=True)

    async def _start_broker(self) -> tuple:
        if self.options.broker:
            return self.options.broker
        await asyncio.to_thread(self._mosquitto.start)
        return "127.0.0.1", self._mosquitto.port

    def settings(self) -> list:
        """As it says there."""
        return [("influx_url", self._influx.url), ("influx_database", "tic"),
                ("influx_interval", str(_INTERVAL)), ("influx_fields", "both")]

    def more(self, known: dict) -> list:
        """As it says there."""
        pause = max(1, round(_INTERVAL / self.options.speed))
        self._victoria.scrape = f"127.0.0.1:{known['page_port']}", pause
        print(f"topics:          mosquitto_sub -h {known['mqtt_host']} -p {known['mqtt_port']} "
              f"-v -t '{known['mqtt_base']}/#'")
        print(f"InfluxDB:        curl -G {self._influx.url}/query -d db=tic -d pretty=true "
              "--data-urlencode 'q=SELECT * FROM tic ORDER BY time DESC LIMIT 3'")
        print(f"VictoriaMetrics: {self._victoria.url}/vmui/ "
              "(for example tic_apparent_power_voltamperes)", flush=True)
        return [self._show()]

    async def _show(self) -> None:
        await asyncio.to_thread(self._victoria.start)
        pause = max(3, (_INTERVAL + 5) / self.options.speed)
        while True:
            await asyncio.sleep(pause)
            pause = _SHOW
            for look in (self._rows, self._series):
                with contextlib.suppress(OSError, LookupError):
                    for line in await asyncio.to_thread(look):
                        print(f"{time.strftime('%H:%M:%S')}  {line}", flush=True)

    def _rows(self) -> list:
        """What InfluxDB has."""
        count = len(self._influx.rows("SELECT mode FROM tic", "tic"))
        names = ",".join(_POWERS)
        lines = []
        for row in self._influx.rows(
                f"SELECT {names},load_percent,period_now FROM tic WHERE mode != '' "
                "ORDER BY time DESC LIMIT 2", "tic"):
            when = time.strftime("%H:%M:%S", time.localtime(row.pop("time")))
            told = " ".join(f"{name}={value}" for name, value in row.items() if value is not None)
            lines.append(f"InfluxDB, {count} readings: {when} {told}")
        for row in self._influx.rows("SELECT last(index_wh) FROM tic GROUP BY period", "tic"):
            if row["period"]:
                lines.append(f"InfluxDB, period {row['period']}: index_wh={row['last']}")
        return lines

    def _series(self) -> list:
        """What VictoriaMetrics has."""
        found = self._victoria.rows('{__name__=~"tic_.*"}')
        lines = [f"VictoriaMetrics, {len(found)} series of the meter"]
        for labels, values in found:
            if labels["__name__"] == "tic_apparent_power_voltamperes":
                lines[0] += f", {len(values)} values of tic_apparent_power_voltamperes"
                lines[0] += f", the last is {values[-1][1]}"
        return lines


if __name__ == "__main__":
    sys.exit(run.main(Full))

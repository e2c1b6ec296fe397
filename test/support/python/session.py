"""
A process of LeRobot's, by what it is told: Python in JSON a line, each answered by what it gave, the error, and the log.
What it imports of LeRobot is found as LeRobot finds plugins: by the names of installed distributions.
"""

import importlib
import importlib.metadata
import json
import logging
import sys

import faulthandler

faulthandler.dump_traceback_later(100, exit=True)

said = []


class Listener(logging.Handler):
    def emit(self, record):
        said.append(f"{record.levelname}: {record.getMessage()}")


logging.getLogger().addHandler(Listener())
logging.getLogger().setLevel(logging.INFO)

for distribution in importlib.metadata.distributions():
    name = distribution.metadata.get("Name") or ""
    if name.startswith(("lerobot_robot_", "lerobot_teleoperator_", "lerobot_camera_")):
        importlib.import_module(name)

from lerobot.robots import RobotConfig
from lerobot.teleoperators import TeleoperatorConfig


def make(registry, kind, **options):
    """A device out of its configuration, by LeRobot's rule for the names of both."""
    config_class = registry.choices[kind]
    parent = importlib.import_module(config_class.__module__.rpartition(".")[0])
    return getattr(parent, config_class.__name__.removesuffix("Config"))(config_class(**options))


scope = {
    "make_robot": lambda **options: make(RobotConfig, "so101_remote", **options),
    "make_leader": lambda **options: make(TeleoperatorConfig, "so101_remote_leader", **options),
}
for line in sys.stdin:
    result = {"value": None, "error": None}
    try:
        code = json.loads(line)
        try:
            result["value"] = eval(code, scope)
        except SyntaxError:
            exec(code, scope)
    except Exception as error:
        result["error"] = f"{type(error).__name__}: {error}"
    result["said"], said[:] = list(said), []
    print(json.dumps(result, default=str), flush=True)

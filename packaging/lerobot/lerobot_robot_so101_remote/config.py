"""What may be given on LeRobot's command line, as --robot.… and --teleop.…"""

from dataclasses import dataclass, field

from lerobot.cameras import CameraConfig
from lerobot.robots import RobotConfig
from lerobot.teleoperators import TeleoperatorConfig


@RobotConfig.register_subclass("so101_remote")
@dataclass
class SO101RemoteConfig(RobotConfig):
    # Name or address of the Pi.
    remote_ip: str
    # The Pi's port for samples; commands go to the one after it.
    port: int = 5557
    # true: send_action moves nothing, the Pi's own leader drives. auto: so while so101_remote_leader is connected here.
    shadow: str = "auto"
    # So long, in seconds, the Pi may be silent before that is an error.
    timeout_s: float = 3.0
    # Cameras of this machine, as LeRobot's other robots have them.
    cameras: dict[str, CameraConfig] = field(default_factory=dict)


@TeleoperatorConfig.register_subclass("so101_remote_leader")
@dataclass
class SO101RemoteLeaderConfig(TeleoperatorConfig):
    # As of the robot; beside a robot so101_remote none is needed: the leader is then that Pi's.
    remote_ip: str | None = None
    port: int = 5557
    timeout_s: float = 3.0

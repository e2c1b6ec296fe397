"""LeRobot's robot so101_remote and teleoperator so101_remote_leader: SO-101 arms that so101-teleop drives on a Pi."""

from .arms import SO101Remote, SO101RemoteLeader
from .config import SO101RemoteConfig, SO101RemoteLeaderConfig

__all__ = ["SO101Remote", "SO101RemoteConfig", "SO101RemoteLeader", "SO101RemoteLeaderConfig"]

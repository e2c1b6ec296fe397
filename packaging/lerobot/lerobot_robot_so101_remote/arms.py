"""The follower as LeRobot's robot, the leader as its teleoperator. Limits, alignment and stops are the Pi's."""

import logging

from lerobot.cameras import make_cameras_from_configs
from lerobot.robots import Robot
from lerobot.teleoperators import Teleoperator
from lerobot.utils.errors import DeviceAlreadyConnectedError, DeviceNotConnectedError

from .config import SO101RemoteConfig, SO101RemoteLeaderConfig
from .connection import KEYS, Connection

logger = logging.getLogger(__name__)


class _Arm:
    """What both have in common: their joints, and a calibration that is kept on the Pi."""

    action_features = property(lambda self: dict.fromkeys(KEYS, float))
    is_calibrated = property(lambda self: True)
    _connection = None

    def calibrate(self):
        pass

    def configure(self):
        pass

    @property
    def is_connected(self):
        return self._connection is not None and self in self._connection.users

    @property
    def units(self):
        """ "degrees", or "range" (percent of the calibrated range), as the Pi is configured; None before connect."""
        return self._connection and self._connection.units

    def connect(self, calibrate=True):
        if self.is_connected:
            raise DeviceAlreadyConnectedError(f"{self} is already connected.")
        # Only now: LeRobot may make the leader before the robot whose Pi it shares.
        self._connection = Connection.to(self.config)
        self._connection.join(self)

    def disconnect(self):
        self._checked().leave(self)

    def _checked(self):
        if not self.is_connected:
            raise DeviceNotConnectedError(f"{self} is not connected: call connect() first.")
        return self._connection


class SO101Remote(_Arm, Robot):
    config_class = SO101RemoteConfig
    # What datasets say: one that is recorded here is of the arm that LeRobot's own so101_follower is.
    name = "so_follower"
    # What it takes of a sample.
    part = "observation"

    def __init__(self, config):
        super().__init__(config)
        self.config = config
        self._shadow = str(config.shadow).lower()
        if self._shadow not in ("auto", "true", "false"):
            raise ValueError(f"--robot.shadow is auto, true or false, and not {config.shadow!r}.")
        self.cameras = make_cameras_from_configs(config.cameras)
        self._has_said = False
        self._connection = Connection.expect(config)

    @property
    def observation_features(self):
        images = {name: (camera.height, camera.width, channels) for name, camera, channels, _ in self._images()}
        return {**self.action_features, **images}

    def _images(self):
        """The name of each image, its camera, its channels, and what reads it."""
        for name, camera in self.cameras.items():
            if getattr(camera, "use_rgb", True):
                # LeRobot before 0.4.4 has no read_latest.
                yield name, camera, 3, getattr(camera, "read_latest", camera.async_read)
            # LeRobot before 0.6.0 does not record what they see of depth.
            if getattr(camera, "use_depth", False) and hasattr(camera, "read_latest_depth"):
                yield f"{name}_depth", camera, 1, camera.read_latest_depth

    @property
    def is_shadow(self):
        """Whether the Pi's own leader drives, and this robot only watches."""
        users = [user for connection in Connection.all.values() for user in connection.users]
        has_leader = any(isinstance(user, SO101RemoteLeader) for user in users)
        return self._shadow == "true" or (self._shadow == "auto" and has_leader)

    def connect(self, calibrate=True):
        super().connect(calibrate)
        try:
            for camera in self.cameras.values():
                camera.connect()
        except BaseException:
            self.disconnect()
            raise

    def get_observation(self):
        observation = self._checked().take(self)
        return {**observation, **{name: read() for name, _, _, read in self._images()}}

    def send_action(self, action):
        connection = self._checked()
        if not self.is_shadow:
            connection.drive(self, action)
        elif not self._has_said:
            self._has_said = True
            logger.warning("Shadow mode: the Pi's own leader drives the follower, and send_action moves nothing.")
        return action

    def disconnect(self):
        super().disconnect()
        for camera in self.cameras.values():
            if camera.is_connected:
                camera.disconnect()


class SO101RemoteLeader(_Arm, Teleoperator):
    config_class = SO101RemoteLeaderConfig
    name = "so_leader"
    part = "action"
    feedback_features = {}

    def __init__(self, config):
        super().__init__(config)
        self.config = config

    def get_action(self):
        return self._checked().take(self)

    def send_feedback(self, feedback):
        raise NotImplementedError("The leader is moved by a hand, and by nothing else.")

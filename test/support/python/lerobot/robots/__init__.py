import abc
from dataclasses import dataclass

from .._base import Config, Device


@dataclass(kw_only=True)
class RobotConfig(Config):
    choices = {}


class Robot(Device):
    observation_features = property(abc.abstractmethod(lambda self: None))

    @abc.abstractmethod
    def get_observation(self): ...

    @abc.abstractmethod
    def send_action(self, action): ...

"""What robots and teleoperators have in common: a registry of configurations, and a device with an id."""

import abc
from dataclasses import dataclass
from typing import Optional


@dataclass(kw_only=True)
class Config:
    id: Optional[str] = None

    @classmethod
    def register_subclass(cls, name):
        def register(subclass):
            cls.choices[name] = subclass
            return subclass

        return register


class Device(abc.ABC):
    def __init__(self, config):
        self.id = config.id
        self.robot_type = self.name

    def __str__(self):
        return f"{self.id} {self.__class__.__name__}"


for method in ("is_connected", "connect", "is_calibrated", "calibrate", "configure", "disconnect", "action_features"):
    setattr(Device, method, abc.abstractmethod(lambda self: None))

import abc
from dataclasses import dataclass

from .._base import Config, Device


@dataclass(kw_only=True)
class TeleoperatorConfig(Config):
    choices = {}


class Teleoperator(Device):
    feedback_features = property(abc.abstractmethod(lambda self: None))

    @abc.abstractmethod
    def get_action(self): ...

    @abc.abstractmethod
    def send_feedback(self, feedback): ...

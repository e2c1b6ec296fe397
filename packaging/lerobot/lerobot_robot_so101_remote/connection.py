"""The one connection of this process to a Pi: samples come in, targets go out. The wire: lerobot.md of so101-teleop."""

import json
import logging
import math
import threading
import time
import uuid
import weakref
from importlib import metadata

import zmq
from lerobot.utils.errors import DeviceNotConnectedError

logger = logging.getLogger(__name__)

WIRE = 1
JOINTS = ("shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper")
KEYS = tuple(f"{joint}.pos" for joint in JOINTS)
# A sample that took so much longer than the fastest one shows the past: it is not taken for what is now.
LATE_S = 0.25
# Two clocks drift apart by so much in the time of a sample, at most.
DRIFT_S = 1e-6
# An observation and an action that are asked for within this time are of the same sample.
PAIR_S = 1.0
# No joint takes so long to align: it would be half a turn at the slowest speed that is used.
ALIGN_S = 30.0
# The follower has begun to align by then.
SETTLE_S = 0.5


class Connection:
    """Shared by the robot and the leader, so that both speak of the same sample. Any thread may use it."""

    # By address and port, as long as a robot or a leader has it.
    all = weakref.WeakValueDictionary()

    @classmethod
    def expect(cls, config):
        """Makes the connection known that a robot will use."""
        connection = cls(config)
        return cls.all.setdefault((connection.host, connection.port), connection)

    @classmethod
    def to(cls, config):
        """The connection that is meant: that of the process's one robot where no Pi is named."""
        if config.remote_ip is not None:
            return cls.expect(config)
        connections = list(cls.all.values())
        if len(connections) != 1:
            raise ValueError("Which Pi's leader? Name it: --teleop.remote_ip=HOST.")
        return connections[0]

    def __init__(self, config):
        self.host, self.port, self.timeout_s = config.remote_ip.strip("[] "), config.port, config.timeout_s
        # Several colons are an IPv6 address, one is before a port.
        if not self.host or self.host.count(":") == 1:
            raise ValueError(f"remote_ip is the Pi's name or address alone, and not {config.remote_ip!r}; a port is port.")
        if not 0 < self.port < 65535:
            raise ValueError(f"port is 1 to 65534, and not {self.port}: 5557, unless the Pi has another one in `listen`.")
        if not 0 < self.timeout_s <= 3600:
            raise ValueError(f"timeout_s is above 0 and at most 3600 seconds, and not {self.timeout_s}.")
        self.users = []
        self.units, self._warned = None, set()
        self._lock = threading.RLock()

    def join(self, user):
        """Connects, for the first of its users. Raises DeviceNotConnectedError where nobody answers."""
        with self._lock:
            try:
                if not self.users:
                    self._open()
                self._greet()
            except BaseException:
                if not self.users:
                    self._close(linger_ms=0)
                raise
            self._refused = None
            self.users = [*self.users, user]

    def leave(self, user):
        """Disconnects, after the last of its users. A follower that is driven from here holds then."""
        with self._lock:
            self.users.remove(user)
            if user is self._driver:
                self._send({"do": "end"})
                self._driver = None
            if not self.users:
                self._close(linger_ms=200)

    def take(self, user):
        """Its part of the newest sample; for the second of two users, of the one that the first has got."""
        with self._lock:
            if user in self._takers or time.monotonic() - self._taken_at > PAIR_S:
                self._sample, self._takers, self._taken_at = self._fresh(), [], time.monotonic()
            self._takers.append(user)
            return dict(zip(KEYS, self._sample[user.part]))

    def drive(self, user, action):
        """
        Sends the follower a target. Of the first one it is waited until the follower has aligned to it, so that a replay
        begins where it begins; of others for nothing. Raises RuntimeError with what the Pi refuses.
        """
        target = [float(action[key]) for key in KEYS]
        if not all(map(math.isfinite, target)):
            raise ValueError(f"This action is no position: {dict(zip(KEYS, target))}")
        with self._lock:
            if self._refused is not None:
                raise self._refused
            try:
                if self._driver is None:
                    self._driver = user
                    return self._align(target)
                self._send(self._wanted(target))
                while self._commands.poll(0):
                    self._say(self._reply())
            except RuntimeError as refused:
                # Nothing drives again by itself: a person looks first, and begins anew.
                self._refused = refused
                raise
            if time.monotonic() - self._heard_at > self.timeout_s:
                raise self._unreachable()

    def _align(self, target):
        began = time.monotonic()
        while (passed_s := time.monotonic() - began) < ALIGN_S:
            reply = self._ask(self._wanted(target))
            self._say(reply)
            if passed_s > SETTLE_S and (reply["drive"], reply["state"]) == ("driving", "following"):
                return
            time.sleep(0.05)

    def _wanted(self, target):
        # By the newest sample that was seen here the Pi knows how old a target is that a bad network brings late.
        return {"do": "drive", "target": target, "seen": (self._newest() or self._hello)["timeUs"]}

    def _open(self):
        self._context = zmq.Context()
        self._samples = self._socket(zmq.SUB, CONFLATE=1, SUBSCRIBE=b"")
        # A target that waits for a network is of no use: it is sent to a Pi that is there, or not at all.
        self._commands = self._socket(zmq.DEALER, IMMEDIATE=1, SNDHWM=4, IDENTITY=uuid.uuid4().hex.encode())
        self._sample = self._next = self._hello = self._driver = None
        self._was_late = False
        self._takers, self._taken_at, self._heard_at, self._number = [], -math.inf, time.monotonic(), 0
        host = f"[{self.host}]" if ":" in self.host else self.host
        try:
            self._samples.connect(f"tcp://{host}:{self.port}")
            self._commands.connect(f"tcp://{host}:{self.port + 1}")
        except zmq.ZMQError as error:
            raise ValueError(f"{self.host}, port {self.port}, can be no Pi: {error}") from error

    def _close(self, linger_ms):
        self._context.destroy(linger=linger_ms)
        # Who meant another Pi makes another robot: this one's is not the leader that is meant then.
        Connection.all.pop((self.host, self.port), None)

    def _socket(self, kind, **options):
        socket = self._context.socket(kind)
        # A Pi without power says no goodbye: it is missed by its heartbeat, and connected again when it is back.
        common = {"HEARTBEAT_IVL": 1000, "HEARTBEAT_TIMEOUT": 3000, "RECONNECT_IVL_MAX": 1000, "LINGER": 200}
        for name, value in {**common, "IPV6": int(":" in self.host), **options}.items():
            socket.setsockopt(getattr(zmq, name), value)
        return socket

    def _greet(self, again=False):
        """Asks who is there, and passes on what it warns of. Again, it leaves what is refused as it is."""
        ask = {"do": "hello", "plugin": metadata.version(__package__), "lerobot": metadata.version("lerobot")}
        hello, before = self._ask({**ask, "again": again}), self._hello or {}
        if self.users and hello["units"] != self.units:
            raise RuntimeError(f"{self.host} gave positions in {self.units}, and now in {hello['units']}.")
        self._hello, self.units = hello, hello["units"]
        if hello["run"] != before.get("run"):
            # Its clock may have begun anew.
            self._least_s = math.inf
        if hello["state"] != before.get("state"):
            level = logging.INFO if hello["state"] == "following" else logging.WARNING
            logger.log(level, "The follower at %s is %s: %s", self.host, hello["state"], hello["why"])
        for warning in set(hello["warnings"]) - self._warned:
            self._warned.add(warning)
            logger.warning("%s: %s", self.host, warning)

    def _fresh(self):
        """Waits for a sample that is new, shows what is now, and has what its users need."""
        began, is_late = time.monotonic(), False
        while (waited_s := time.monotonic() - began) < self.timeout_s:
            sample = self._newest()
            if sample is not self._sample:
                is_late = time.monotonic() - sample["timeUs"] / 1e6 - self._least_s > LATE_S
                if not is_late and all(sample[user.part] for user in self.users):
                    if waited_s > LATE_S:
                        logger.warning("%s was silent for %.1f s: what is recorded has a gap here.", self.host, waited_s)
                    return sample
            self._samples.poll(1 + 1000 * (self.timeout_s - waited_s))
        if is_late:
            raise DeviceNotConnectedError(f"All from {self.host} is more than {LATE_S} s old: check the network.")
        self._greet(again=True)
        raise DeviceNotConnectedError(f"The arms at {self.host} give no positions: {self._hello['why']}")

    def _newest(self):
        """The newest sample that has come, now or before; None where none has."""
        if self._samples.poll(0):
            sample = self._versioned(json.loads(self._samples.recv()))
            if any(sample[name] != self._hello[name] for name in ("run", "units", "state")):
                self._greet(again=True)
            self._heard_at = time.monotonic()
            self._least_s = min(self._least_s + DRIFT_S, self._heard_at - sample["timeUs"] / 1e6)
            self._next = sample
        return self._next

    def _say(self, reply):
        """Tells once that targets come late; what else keeps them from moving the follower is the pair's state."""
        is_late = reply["drive"] == "late"
        if is_late and not self._was_late:
            logger.warning("%s: %s", self.host, reply["why"])
        self._was_late = is_late

    def _ask(self, request):
        """The reply to a request. Raises what is refused, and DeviceNotConnectedError where nobody answers."""
        deadline, number = time.monotonic() + self.timeout_s, None
        while (left_ms := 1000 * (deadline - time.monotonic())) > 0:
            if number is None and self._commands.poll(left_ms, zmq.POLLOUT):
                number = self._send(request)
            elif number is not None and self._commands.poll(left_ms):
                reply = self._reply()
                if reply["number"] == number:
                    return reply
        raise self._unreachable()

    def _send(self, request):
        """Sends a request and returns its number, None where nobody is there."""
        self._number += 1
        try:
            body = json.dumps({"v": WIRE, "number": self._number, **request})
            self._commands.send_multipart([b"", body.encode()], zmq.NOBLOCK)
            return self._number
        except zmq.Again:
            return None

    def _reply(self):
        reply = self._versioned(json.loads(self._commands.recv_multipart()[-1]))
        self._heard_at = time.monotonic()
        if not reply["ok"]:
            raise RuntimeError(f"{self.host}: {reply['error']}")
        return reply

    def _versioned(self, message):
        if message["v"] == WIRE:
            return message
        raise RuntimeError(
            f"{self.host} speaks version {message['v']} of this plugin's wire, and the plugin version {WIRE}. Install the "
            "one that is there: /usr/share/so101-teleop/lerobot_robot_so101_remote-*.whl."
        )

    def _unreachable(self):
        return DeviceNotConnectedError(
            f"No answer from {self.host}, ports {self.port} and {self.port + 1}. Is it on, and in this network (ping "
            f"{self.host})? Does so101-lerobot.service run there (systemctl status so101-lerobot), with an address of this "
            "network in `listen` of [lerobot] in /etc/so101-teleop/config.toml? Does a firewall keep the ports?"
        )

"""A program that speaks ZeroMQ as others do, by what it is told: an order in JSON a line, each answered by a line."""

import json
import sys

import zmq

KINDS = {name: getattr(zmq, name.upper()) for name in ("push", "pull", "req", "sub", "xsub", "dealer", "pair")}

context = zmq.Context()
sockets = {}


def connect(name, kind, to, conflate=False):
    socket = context.socket(KINDS[kind])
    socket.linger = 0
    # Who is let in nowhere has nobody to send to.
    socket.sndtimeo = 1000
    if conflate:
        socket.conflate = 1
    if kind == "sub":
        socket.subscribe(b"")
    socket.connect(to)
    sockets[name] = socket


def send(name, parts, times=1):
    try:
        for _ in range(times):
            sockets[name].send_multipart([part.encode("latin-1") for part in parts])
    except zmq.Again:
        pass


def receive(name, within_ms):
    socket = sockets[name]
    if not socket.poll(within_ms):
        return None
    return [part.decode("latin-1") for part in socket.recv_multipart()]


def newest(name, within_ms):
    last = receive(name, within_ms)
    while (further := receive(name, 0)) is not None:
        last = further
    return last


def close(name):
    sockets.pop(name).close()


orders = {"connect": connect, "send": send, "receive": receive, "newest": newest, "close": close}
for line in sys.stdin:
    order = json.loads(line)
    print(json.dumps(orders[order.pop("do")](**order)), flush=True)

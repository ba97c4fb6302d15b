"""The two links of a Quartet peer on libzmq, PUSH and PULL, in both binding modes. See docs/PROTOCOL.md."""
import fcntl
import hmac
import os
import random
import socket
import stat
import sys
import time

import zmq
from zmq.utils import z85
from zmq.utils.monitor import parse_monitor_message

import quartet

LINKS = "requests", "responses"
MAX_MESSAGE = 4_259_840
REFUSED = zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL  # PLAIN in libzmq cannot read ERROR
FAILED = REFUSED | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
ENDED = zmq.EVENT_DISCONNECTED | zmq.EVENT_CLOSED | FAILED


def open_links(side, args, named=True):
    """The links of one side, "app" or "instance", as the flags tell; it binds them or dials them."""
    endpoints = {"requests": args.requests, "responses": args.responses}
    if {e.partition("://")[0] for e in endpoints.values()} not in ({"ipc"}, {"tcp"}):
        raise ValueError("give two endpoints, both ipc:// or both tcp://")
    keys = quartet.read_keys(args.secret_file)
    if args.service_binds == (side == "instance"):
        return Binder(side, endpoints, keys)
    return Dialler(side, endpoints, keys, named)


def run(program, main):
    """Runs a main; what its user can mend ends it with a line."""
    try:
        main()
    except (OSError, ValueError, zmq.ZMQError) as e:
        sys.exit(f"{program}: {e}")


class Links:
    """poll tells what has happened: "up" (a peer is there), "down" (it is gone) and the fields of messages."""

    def __init__(self, side, endpoints, keys):
        self.side, self.other = (side, "instance") if side == "app" else (side, "app")
        self.outward, self.inward = LINKS if side == "app" else LINKS[::-1]
        self.endpoints, self.keys, self.curve = endpoints, keys, endpoints["requests"].startswith("tcp")
        self.context, self.poller = zmq.Context(), zmq.Poller()
        self.sockets, self.monitors = {}, {}
        self.up, self.happened = False, []
        self.ending = None  # when the peer, or the attempt to get one, is over

    def poll(self, seconds):
        """Waits until something happens, 50 ms at most."""
        self.before()
        self.happened = []
        self.poller.poll(max(0, min(seconds, 0.05)) * 1000)
        for link, monitor in list(self.monitors.items()):  # before messages: what libzmq saw first comes first
            while monitor.get(zmq.EVENTS) & zmq.POLLIN:
                self.see(link, **parse_monitor_message(monitor.recv_multipart()))
        self.read(most=256)
        if self.ending is not None and time.monotonic() >= self.ending:
            self.read()
            was_up, self.up, self.ending = self.up, False, None
            if was_up:
                self.happened.append("down")
            self.after(was_up)
        return self.happened

    def send(self, *fields):
        """Hands a message to libzmq; False if nobody is there to get it."""
        try:
            self.sockets[self.outward].send(quartet.encode(*fields), zmq.DONTWAIT)
        except (KeyError, zmq.Again):
            return False
        return True

    def open(self, link):
        s = self.sockets[link] = self.context.socket(zmq.PULL if link == self.inward else zmq.PUSH)
        s.ipv6, s.linger, s.maxmsgsize = True, 1000, MAX_MESSAGE
        s.handshake_ivl, s.heartbeat_ivl, s.heartbeat_timeout = 3000, 1000, 3000
        if link == self.outward:  # what was meant for one process is not for the next
            s.immediate, s.reconnect_ivl = True, -1
        else:  # either would drop what was received and not read; nobody waits for an hour
            s.immediate, s.reconnect_ivl = False, 3_600_000
        self.monitors[link] = s.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | ENDED)
        self.poller.register(self.monitors[link], zmq.POLLIN)
        if link == self.inward:
            self.poller.register(s, zmq.POLLIN)
        return s

    def read(self, most=sys.maxsize):
        while self.inward in self.sockets and len(self.happened) < most:
            try:
                frame = self.sockets[self.inward].recv(zmq.DONTWAIT, copy=False)
            except zmq.Again:
                return
            self.arrived(frame)
            try:
                message = quartet.decode(frame.buffer)
            except quartet.Malformed as e:
                print(f"a malformed message: {e}", file=sys.stderr)
                self.malformed(e)
                continue
            if message:
                self.happened.append(message)

    def malformed(self, e):
        answer = 1, quartet.RESPONSE, e.id, quartet.ANSWERED, "response", 400, "malformed", {}, b"", 0, 0, 0
        if e.kind == quartet.REQUEST and self.side == "instance" and e.id:
            self.send(*answer)
        elif e.kind == quartet.RESPONSE and self.side == "app" and e.id:
            self.happened.append(list(answer))
        else:
            self.cut()

    def end_within(self, seconds):
        end = time.monotonic() + seconds
        self.ending = end if self.ending is None else min(self.ending, end)

    def drop(self):
        """Closes both sockets; what was sent has a second to leave."""
        if self.inward in self.sockets:
            self.poller.unregister(self.sockets[self.inward])
        for link, s in self.sockets.items():
            self.poller.unregister(self.monitors[link])
            s.disable_monitor()
            s.close()
        self.sockets, self.monitors = {}, {}

    def close(self):
        self.drop()
        self.context.destroy(linger=None)


class Dialler(Links):
    """Dials for ever: the requests link, then the responses link, on fresh sockets with a fresh pair value."""

    def __init__(self, side, endpoints, keys, named):
        super().__init__(side, endpoints, keys)
        self.named, self.which, self.wait, self.dial_at = named, 0, 0.05, 0

    def before(self):
        if not self.sockets and time.monotonic() >= self.dial_at:
            self.pair, self.failed = os.urandom(16).hex(), 0
            self.end_within(6)
            self.dial("requests")

    def dial(self, link):
        try:
            check_owner(self.endpoints[link])
        except FileNotFoundError:
            return self.end_within(0)  # the binder is not there yet
        s, key = self.open(link), self.keys[self.which]
        if self.named:
            s.set(zmq.METADATA, f"X-Quartet-Pair:{self.pair}".encode())
        if self.curve:
            s.curve_serverkey, _ = curve_pair(key, "server", self.other, link)
            s.curve_publickey, s.curve_secretkey = curve_pair(key, "client", self.side, link)
        else:
            s.plain_username, s.plain_password = b"quartet/1", quartet.token(key, self.side, link)
        s.connect(self.endpoints[link])

    def see(self, link, event, **_):
        if event & ENDED:
            self.failed |= event & FAILED
            rest = 0.5 if self.up and link == self.outward else 0  # for what is still on its way here
            self.end_within(rest)
        elif link == "requests":
            self.dial("responses")
        else:
            self.up, self.ending, self.born = True, None, time.monotonic()
            self.happened.append("up")

    def after(self, was_up):
        """Dials again, after a while."""
        self.drop()
        if was_up and time.monotonic() - self.born > 1:
            self.wait = 0.05
        wait, self.wait = self.wait * random.uniform(0.5, 1), min(self.wait * 2, 1.5)
        if self.failed:  # perhaps the other secret, while they are rotated
            self.which = (self.which + 1) % len(self.keys)
        if self.failed & REFUSED and self.which == 0:
            wait = 5
        self.dial_at = max(self.dial_at, time.monotonic() + wait)

    def arrived(self, frame):
        pass

    def cut(self):
        self.end_within(0)

    def leave(self):
        """Dials no more. The peer that is there stays."""
        self.dial_at = float("inf")


class Binder(Links):
    """Lets in who holds the secret, one process at a time: a PUSH that is bound serves all who come in turn.

    libzmq does not tell which connection is whose, so a peer is there from its first message on, its hello.
    """

    def __init__(self, side, endpoints, keys):
        super().__init__(side, endpoints, keys)
        self.proofs = {}  # of the secret, for each link
        self.granted = {}  # until when a link is kept for whoever was let in last
        self.leaving = False
        self.fd = None  # of the peer's connection to the inward socket
        self.zap = self.context.socket(zmq.REP)
        self.zap.linger = 0
        self.zap.bind("inproc://zeromq.zap.01")  # before any other, or libzmq lets everybody in
        self.poller.register(self.zap, zmq.POLLIN)
        for link in LINKS:
            self.bind(link)

    def bind(self, link):
        s = self.open(link)
        s.zap_domain = link.encode()
        if self.curve:  # libzmq has one server key a socket, so the second of two secrets is not known here
            _, s.curve_secretkey = curve_pair(self.keys[0], "server", self.side, link)
            s.curve_server = True
            public, _ = curve_pair(self.keys[0], "client", self.other, link)
            self.proofs[link] = [b"CURVE\0" + z85.decode(public)]
        else:
            s.plain_server = True
            self.proofs[link] = [b"PLAIN\0quartet/1\0" + quartet.token(k, self.other, link) for k in self.keys]
        self.endpoints[link] = bind_safely(s, self.endpoints[link])

    def before(self):
        if self.zap.get(zmq.EVENTS) & zmq.POLLIN:
            self.admit(*self.zap.recv_multipart())

    def admit(self, version, number, domain, address, identity, mechanism, *credentials):
        """Answers libzmq's question whether a connection may come in (ZAP, RFC 27)."""
        proof, now = b"\0".join([mechanism, *credentials]), time.monotonic()
        if not any([hmac.compare_digest(proof, p) for p in self.proofs.get(domain.decode(), [])]):
            status = b"400"
        elif self.up or self.leaving or self.granted.get(domain, 0) > now:
            status = b"300"  # not now: libzmq closes the connection, and the dialler comes again
        else:
            status, self.granted[domain] = b"200", now + 3
        self.zap.send_multipart([b"1.0", number, status, b"", b"", b""])

    def arrived(self, frame):
        if not self.up:
            self.up, self.fd = True, frame.get(zmq.SRCFD)
            self.happened.append("up")

    def see(self, link, event, value, **_):
        if link == self.inward and event == zmq.EVENT_DISCONNECTED and value == self.fd:
            self.end_within(0)

    def cut(self):
        pass  # libzmq cannot close one connection of a binder

    def after(self, was_up):
        """Lets the next one in."""
        self.fd, self.granted = None, {}

    def leave(self):
        """Lets nobody in any more. The peer that is there stays, which unbind would cut."""
        self.leaving = True


def curve_pair(key, role, side, link):
    """The long-term keys of one end of a link, as libzmq writes them."""
    secret = z85.encode(quartet.curve_secret(key, role, side, link))
    return zmq.curve_public(secret), secret


def check_owner(endpoint):
    """Makes sure that an ipc listener may be shown what is derived from the secret."""
    scheme, path = endpoint.split("://", 1)
    if scheme != "ipc":
        return
    directory = os.stat(os.path.dirname(path) or ".")
    if os.stat(path).st_uid not in (os.geteuid(), 0):
        raise PermissionError(f"{path} belongs to another user")
    if directory.st_mode & stat.S_IWOTH and not directory.st_mode & stat.S_ISVTX:
        raise PermissionError(f"every user may write to the directory of {path}")


def bind_safely(s, endpoint):
    """Binds, and returns the endpoint with its port. An ipc socket is 0600, and taken from nobody."""
    scheme, path = endpoint.split("://", 1)
    if scheme != "ipc":
        s.bind(endpoint)
        return endpoint.rpartition(":")[0] + ":" + s.last_endpoint.decode().rpartition(":")[2]
    if os.path.dirname(path) and not os.path.isdir(os.path.dirname(path)):
        os.mkdir(os.path.dirname(path), 0o700)
    lock = os.open(path + ".lock", os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
    umask = os.umask(0o177)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(path) == 0:
                raise FileExistsError(f"somebody listens at {path}")
        s.bind(endpoint)  # libzmq replaces a socket that is there
    finally:
        os.umask(umask)
        os.close(lock)
    return endpoint

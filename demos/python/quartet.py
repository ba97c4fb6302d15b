"""What worker.py and caller.py share: flags, the secret, messages. See docs/PROTOCOL.md."""
import argparse
import hashlib
import hmac
import os
import re
import signal

import msgpack

REQUEST, RESPONSE, FORWARD, CANCEL, HELLO, BYE = range(1, 7)
ANSWERED, OVERLOADED, DRAINING, EXPIRED, FORBIDDEN = range(5)
NIL = type(None)
MAP, ARRAY, BIN = (dict, NIL), (list, NIL), (bytes, NIL)
FIELDS = {  # of each kind, after version and kind
    REQUEST: (bytes, str, str, int, int, int, int, str, MAP, MAP, BIN),
    RESPONSE: (bytes, int, str, int, str, MAP, BIN, int, int, int),
    FORWARD: (bytes, str, str, str, MAP, MAP, BIN),
    CANCEL: (bytes,),
    HELLO: (str, str, list, str, ARRAY, list, ARRAY),
    BYE: (),
}


def flags(about):
    """The flags of both programs: give both sides the same values."""
    p = argparse.ArgumentParser(description=about, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    p.add_argument("--requests", metavar="ENDPOINT", default="ipc://run/slow",
                   help="where requests travel: ipc://PATH or tcp://HOST:PORT")
    p.add_argument("--responses", metavar="ENDPOINT", default="ipc://run/slow_response",
                   help="where responses travel, of the same kind")
    p.add_argument("--service-binds", "--bind", action="store_true",
                   help="the service listens on both endpoints and the app dials; else the app listens")
    p.add_argument("--service", metavar="NAME", default="slow", help="the name of the service")
    p.add_argument("--secret-file", metavar="FILE", help="the secret: a line of 64 hex digits or a passphrase, or two "
                   "lines while secrets are rotated; without this flag, the variable QUARTET_SECRET holds it")
    return p


def stop_on_signal(stop):
    for number in signal.SIGTERM, signal.SIGINT:
        signal.signal(number, lambda *_: stop())


# The secret.


def key(line):
    """The key of 32 bytes that one line of a secret stands for."""
    if len(line) == 64:
        try:
            return bytes.fromhex(line.decode())
        except ValueError:
            pass
    if len(line) < 16:
        raise ValueError(f"a passphrase needs at least 16 bytes, this one has {len(line)}")
    return hashlib.scrypt(line, salt=b"quartet/1 passphrase", n=2**14, r=8, p=1, maxmem=2**26, dklen=32)


def derive(key, info):
    """HKDF-SHA256 (RFC 5869) with an empty salt, 32 bytes."""
    prk = hmac.new(bytes(32), key, hashlib.sha256).digest()
    return hmac.new(prk, b"quartet/1 " + info.encode() + b"\x01", hashlib.sha256).digest()


def token(key, dialler, link):
    """The password of PLAIN."""
    return derive(key, f"plain {dialler} {link}").hex().encode()


def curve_secret(key, role, side, link):
    """The long-term secret key of CURVE of one end of a link; role is client or server."""
    return derive(key, f"curve {role} {side} {link}")


def read_keys(file):
    """The keys of a secret: one, or two while secrets are rotated. No error shows anything of it."""
    where = file or "QUARTET_SECRET"
    if file:
        with open(file, "rb") as f:
            text = f.read(65536)
    else:
        text = os.environb.get(b"QUARTET_SECRET", b"")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not 1 <= len(lines) <= 2:
        raise ValueError(f"{where}: want one secret, or two on two lines while they are rotated")
    try:
        return [key(line) for line in lines]
    except ValueError as e:
        raise ValueError(f"{where}: {e}") from None


# Messages.


def encode(*fields):
    return msgpack.packb(fields, use_bin_type=True)


class Malformed(ValueError):
    """A message that cannot be understood; kind and id are there if they could be read."""

    kind = id = None


def decode(frame):
    """The fields of a message; None for a kind that is not known."""
    try:
        m = msgpack.unpackb(frame, object_pairs_hook=_map)
    except Exception as e:  # msgpack has classes of its own
        raise Malformed(f"no msgpack: {type(e).__name__}") from None
    if not isinstance(m, list) or len(m) < 2 or m[0] != 1 or not isinstance(m[1], int):
        raise Malformed("no message of version 1")
    types = FIELDS.get(m[1])
    if types is None:
        return None
    if len(m) < 2 + len(types) or not all(map(isinstance, m[2:], types)):
        e = Malformed(f"not the fields of a message of kind {m[1]}")
        e.kind, e.id = m[1], m[2] if len(m) > 2 and isinstance(m[2], bytes) and len(m[2]) == 16 else None
        raise e
    return m


def _map(pairs):
    m = dict(pairs)
    if len(m) != len(pairs):
        raise ValueError("a key comes twice")
    return m


def duration(text):
    """Seconds, of a duration as Go writes it: 0s, 150ms, 1.5s, 1m30s."""
    parts = re.findall(r"(\d+\.?\d*)(ms|s|m)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"no duration: {text!r}")
    return sum(float(number) * {"ms": 0.001, "s": 1, "m": 60}[unit] for number, unit in parts)

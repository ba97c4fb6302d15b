"""Makes sure that the lines of Python in PROTOCOL.md, given as the argument, and quartet.py compute what it tells."""
import hashlib
import hmac
import re
import sys

from zmq.utils import z85

sys.path.insert(0, ".")
import links
import quartet

blocks = re.findall(r"^```(.+)\n((?:.*\n)*?)```$", open(sys.argv[1]).read(), re.M)
told = {name: dict(line.rsplit(maxsplit=1) for line in text.splitlines()) for name, text in blocks
        if name == "secrets" or name.startswith("derived ")}
lines = {"hashlib": hashlib, "hmac": hmac}
exec(next(text for name, text in blocks if name == "python" and "def key(" in text), lines)

checked = 0


def same(name, want, *got):
    global checked
    checked += 1
    for g in got:
        if (g if isinstance(g, str) else g.decode() if len(g) == 64 else g.hex()) != want:
            sys.exit(f"{name} is not what PROTOCOL.md tells")


PASSPHRASE = b"my_shared_secret"
keys = {of: bytes.fromhex(told["secrets"][name])
        for of, name in (("key", "key"), ("passphrase", "passphrase my_shared_secret"))}
same("key", told["secrets"]["key"], *(key(told["secrets"]["key"].encode()) for key in (lines["key"], quartet.key)))
same("passphrase", keys["passphrase"].hex(), lines["key"](PASSPHRASE), quartet.key(PASSPHRASE))
for of in keys:
    for name, want in told["derived " + of].items():
        what, *words = name.split()
        if what == "plain":
            same(name, want, lines["token"](keys[of], *words), quartet.token(keys[of], *words))
        elif what == "secret":
            same(name, want, lines["curve_secret"](keys[of], *words), quartet.curve_secret(keys[of], *words))
        else:
            same(name, want, z85.decode(links.curve_pair(keys[of], *words)[0]))
if checked < 2 + 12 + 20:
    sys.exit(f"only {checked} values are told")

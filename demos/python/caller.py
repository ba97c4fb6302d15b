#!/usr/bin/python3
"""An app in Python: it sends calls to the service "slow" and checks every answer. It needs Debian's python3-zmq and
python3-msgpack, and either side may start first. At the end it prints the account as one line of JSON; the exit status
is 0 if every call had its answer, once."""
import json
import os
import sys
import time

import links
import quartet

COUNTED = "answered", "lost", "late", "wrong", "doubled", "stray", "sent_back"


class Caller:
    def __init__(self, links, args):
        self.links, self.args = links, args
        self.instance, self.prefix, self.attempts = os.urandom(16).hex(), os.urandom(8), 0
        self.todo = list(range(args.calls, 0, -1))
        self.waiting = {}  # id: number, until when
        self.ended, self.left = set(), set()  # ids; those nobody waits for get one more message
        self.account = dict.fromkeys(COUNTED, 0)
        self.stop, self.progress = False, time.monotonic()
        self.down()

    def up(self):
        self.plain_at = time.monotonic() + 1  # an instance that has not said hello by then is a plain one
        if not self.args.plain:
            self.links.send(1, quartet.HELLO, self.instance, f"caller.py/{os.getpid()}", [1, 1], "", None, [0, 0],
                            [self.args.service], int(time.monotonic() * 1e6))

    def down(self):
        """What the instance had and did not answer may have run; nobody will tell."""
        for id in list(self.waiting):
            self.end(id, "lost")
        self.window, self.plain_at, self.said_bye, self.heard_bye = 0, None, False, False

    def end(self, id, how):
        self.account[how] += 1
        self.ended.add(id)
        self.progress = time.monotonic()
        return self.waiting.pop(id)

    def take(self, message):
        kind = message[1]
        if kind == quartet.RESPONSE:
            self.response(*message[2:9])
        elif kind == quartet.FORWARD and message[2] in self.waiting:
            self.end(message[2], "wrong")
        elif kind == quartet.HELLO:
            if message[5] != self.args.service:
                sys.exit(f"caller: the instance serves {message[5]!r}")
            if not self.heard_bye:
                messages, size = message[7][:2]
                self.window, self.plain_at = max(1, min(messages, size // max(self.args.size, 256))), None
        elif kind == quartet.BYE:
            self.window, self.plain_at, self.heard_bye = 0, None, True  # it takes no more
            self.say_bye()

    def response(self, id, outcome, method, status, reason, header, body):
        if id in self.left:
            self.left.remove(id)
        elif id not in self.waiting:
            self.account["doubled" if id in self.ended else "stray"] += 1
        elif outcome in (quartet.OVERLOADED, quartet.DRAINING):  # it did not run
            self.todo.append(self.end(id, "sent_back")[0])
        elif outcome == quartet.ANSWERED and status == 200 and body == self.body(self.waiting[id][0]):
            self.end(id, "answered")
        else:
            self.end(id, "wrong")

    def body(self, number):
        return f"{self.instance} {number} ".encode().ljust(self.args.size, b".")

    def call(self, number):
        self.attempts += 1
        last = number == self.args.calls and self.args.last_delay
        id, now = self.prefix + self.attempts.to_bytes(8, "big"), time.monotonic()
        sent = self.links.send(1, quartet.REQUEST, id, self.args.path, self.args.method, 0, 0,
                               int(self.args.timeout * 1000), int(now * 1e6), self.instance, {},
                               {"delay": last or self.args.delay}, self.body(number))
        if sent:
            self.waiting[id] = number, now + self.args.timeout
        return sent

    def say_bye(self):
        if not self.said_bye and not self.args.plain:
            self.said_bye = self.links.send(1, quartet.BYE)

    def turn(self):
        for what in self.links.poll(1):
            {"up": self.up, "down": self.down}[what]() if isinstance(what, str) else self.take(what)
        now = time.monotonic()
        if self.plain_at and now >= self.plain_at:
            self.window, self.plain_at = 64, None
        room = min(self.window, self.args.window) - len(self.waiting)
        while room > 0 and self.todo and not self.stop and self.call(self.todo[-1]):
            self.todo.pop()
            room -= 1
        for id, (_, until) in list(self.waiting.items())[:16]:  # the oldest come first
            if now >= until:
                self.links.send(1, quartet.CANCEL, id)
                self.end(id, "late")
                self.left.add(id)

    def run(self):
        while (self.todo and not self.stop or self.waiting) and time.monotonic() < self.progress + self.args.patience:
            self.turn()
        self.say_bye()
        end = time.monotonic() + 1
        while self.links.up and not self.heard_bye and time.monotonic() < end:  # an answer too many would show now
            self.turn()

    def stop_calling(self):
        self.stop = True


def main():
    flags = quartet.flags(__doc__)
    flags.add_argument("--calls", metavar="N", type=int, default=10, help="how many")
    flags.add_argument("--window", metavar="N", type=int, default=256, help="how many at a time, at most")
    flags.add_argument("--delay", metavar="TIME", default="0s", help="the argument delay of each")
    flags.add_argument("--last-delay", metavar="TIME", help="that of the last call, if it is another")
    flags.add_argument("--size", metavar="BYTES", type=int, default=64, help="of a body")
    flags.add_argument("--path", default="/service/slow", help="of each call")
    flags.add_argument("--method", metavar="METHOD", default="request", help="of each call")
    flags.add_argument("--timeout", metavar="SECONDS", type=float, default=30, help="of each call")
    flags.add_argument("--patience", metavar="SECONDS", type=float, default=60, help="to give up without progress")
    flags.add_argument("--plain", action="store_true", help="dial as a plain peer: no pair, hello and bye")
    args = flags.parse_args()
    pair = links.open_links("app", args, named=not args.plain)
    caller = Caller(pair, args)
    quartet.stop_on_signal(caller.stop_calling)
    print("caller: calling at", *pair.endpoints.values(), file=sys.stderr, flush=True)
    caller.run()
    print(json.dumps({"calls": args.calls, **caller.account}), flush=True)
    pair.close()
    sys.exit(0 if caller.account == dict.fromkeys(COUNTED, 0) | {"answered": args.calls} else 1)


if __name__ == "__main__":
    links.run("caller", main)

#!/usr/bin/python3
"""An instance of the service "slow" in Python: it answers /service/slow, METHOD request, with the body it was sent,
after the delay. It needs Debian's python3-zmq and python3-msgpack, and either side may start first. SIGTERM lets what
has begun finish."""
import heapq
import os
import time

import links
import quartet

PATH, METHOD = "/service/slow", "request"
WINDOW, WINDOW_BYTES = 256, 16 << 20


class Worker:
    def __init__(self, links, args):
        self.links, self.service, self.delay, self.plain = links, args.service, args.delay, args.plain
        self.journal = args.journal and open(args.journal, "ab", buffering=0)
        self.instance = os.urandom(16).hex()
        self.leaving = None  # since when
        self.down()

    def up(self):
        if not self.plain:
            self.links.send(1, quartet.HELLO, self.instance, f"worker.py/{os.getpid()}", [1, 1], self.service,
                            [[METHOD, PATH]], [WINDOW, WINDOW_BYTES], [])

    def down(self):
        self.work, self.due, self.bytes = {}, [], 0  # nobody waits for it any more
        self.said_bye = self.heard_bye = False
        self.least = None  # (arrival - sent) of the link, and when that was, in µs

    def take(self, message):
        if message[1] == quartet.REQUEST:
            self.request(*message[2:13])
        elif message[1] == quartet.HELLO and message[9:] and message[9]:
            self.excess(time.monotonic() * 1e6, message[9])
        elif message[1] == quartet.CANCEL and message[2] in self.work:
            self.finish(message[2], 499, "canceled")
        elif message[1] == quartet.BYE:
            self.heard_bye = True
            self.say_bye()

    def request(self, id, path, method, flags, hops, left, sent, sender, header, args, body):
        now, body = time.monotonic(), body or b""
        size = max(len(body), 256)
        left = left / 1e3 - self.excess(now * 1e6, sent) / 1e6
        if self.leaving:
            return self.answer(id, quartet.DRAINING, 503, "draining")
        if left <= 0:
            return self.answer(id, quartet.EXPIRED, 503, "it arrived too late")
        if self.work and (len(self.work) >= WINDOW or self.bytes + size > WINDOW_BYTES):
            return self.answer(id, quartet.OVERLOADED, 503, "the window is full")
        if path != PATH:
            return self.answer(id, quartet.ANSWERED, 404, "not found")
        if method != METHOD:
            return self.answer(id, quartet.ANSWERED, 405, "method not allowed")
        try:
            delay = quartet.duration((args or {}).get("delay", self.delay))
        except ValueError:
            return self.answer(id, quartet.ANSWERED, 400, "the argument delay is no duration")
        if self.journal:
            self.journal.write(b"%b %d\n" % (b" ".join(body.split()[:2]), time.time() * 1e6))
        if delay == 0:
            return self.answer(id, quartet.ANSWERED, 200, "", body)
        self.work[id], self.bytes = (now, delay <= left, body), self.bytes + size
        heapq.heappush(self.due, (now + min(delay, left), id))

    def excess(self, arrived, sent):
        """How much longer than the least a request was on its way: it may have lain in a buffer. Clocks drift, so the
        least is forgotten slowly."""
        least, at = self.least or (arrived - sent, arrived)
        self.least = min(least + (arrived - at) / 2000, arrived - sent), arrived
        return arrived - sent - self.least[0]

    def finish(self, id, status, reason):
        began, _, body = self.work.pop(id)
        self.bytes -= max(len(body), 256)
        self.answer(id, quartet.ANSWERED, status, reason, body if status == 200 else b"", time.monotonic() - began)

    def answer(self, id, outcome, status, reason, body=b"", ran=0):
        header = {"content-type": ["text/plain; charset=utf-8"]} if status == 200 else {}
        self.links.send(1, quartet.RESPONSE, id, outcome, "response", status, reason, header, body, 0, int(ran * 1e6),
                        len(self.work))

    def say_bye(self):
        if not self.said_bye and not self.plain:
            self.said_bye = self.links.send(1, quartet.BYE)

    def leave(self):
        self.leaving = self.leaving or time.monotonic()

    def turn(self):
        """Waits for something to do and does it; False when all is done."""
        wait = self.due[0][0] - time.monotonic() if self.due else 1
        for what in self.links.poll(wait):
            {"up": self.up, "down": self.down}[what]() if isinstance(what, str) else self.take(what)
        while self.due and self.due[0][0] <= time.monotonic():
            _, id = heapq.heappop(self.due)
            if id in self.work:  # else it was canceled
                self.finish(id, *((200, "") if self.work[id][1] else (504, "out of time")))
        if not self.leaving:
            return True
        if not self.said_bye and self.links.up:
            self.links.leave()
            self.say_bye()
        waits = self.work or not self.heard_bye and time.monotonic() < self.leaving + 1
        return bool(self.links.up and waits)


def main():
    flags = quartet.flags(__doc__)
    flags.add_argument("--delay", metavar="TIME", default="5s", help="of requests without the argument delay")
    flags.add_argument("--journal", metavar="FILE", help="where each request that is begun is noted: its first two words, and when")
    flags.add_argument("--plain", action="store_true", help="be a plain peer: no pair, hello and bye")
    args = flags.parse_args()
    quartet.duration(args.delay)
    pair = links.open_links("instance", args, named=not args.plain)
    worker = Worker(pair, args)
    quartet.stop_on_signal(worker.leave)
    print("worker: serving at", *pair.endpoints.values(), flush=True)
    while worker.turn():
        pass
    pair.close()


if __name__ == "__main__":
    links.run("worker", main)

"""Makes sure that a binder's ZAP refuses who knows the server's key, or the user name, and nothing else."""
import sys

import zmq

sys.path.insert(0, ".")
import links
import quartet

KEY, OTHER = bytes(range(32)), bytes(32)


def refused(binder, configure):
    """Dials the requests endpoint and returns how the handshake ended."""
    s = binder.context.socket(zmq.PUSH)
    s.linger, s.reconnect_ivl = 0, -1
    monitor = s.get_monitor_socket(links.FAILED | zmq.EVENT_HANDSHAKE_SUCCEEDED)
    configure(s)
    s.connect(binder.endpoints["requests"])
    for _ in range(200):
        binder.poll(0.05)
        if monitor.poll(0):
            event = links.parse_monitor_message(monitor.recv_multipart())
            break
    else:
        sys.exit("no handshake in 10 s")
    s.disable_monitor()
    s.close()
    return event["event"] == zmq.EVENT_HANDSHAKE_FAILED_AUTH


def curve(client_key, role="client", side="app"):
    def configure(s):
        s.curve_serverkey, _ = links.curve_pair(KEY, "server", "instance", "requests")
        s.curve_publickey, s.curve_secretkey = links.curve_pair(client_key, role, side, "requests")
    return configure


def plain(user, password):
    def configure(s):
        s.plain_username, s.plain_password = user, password
    return configure


good = quartet.token(KEY, "app", "requests")
for scheme, cases in {
    "tcp": {
        "another client key": (curve(OTHER), True),
        "the key of the other side": (curve(KEY, "client", "instance"), True),
        "the server's key as the client's": (curve(KEY, "server", "instance"), True),
        "the client key": (curve(KEY), False),
    },
    "ipc": {
        "another password": (plain(b"quartet/1", quartet.token(OTHER, "app", "requests")), True),
        "the token of another link": (plain(b"quartet/1", quartet.token(KEY, "app", "responses")), True),
        "another user": (plain(b"quartet/2", good), True),
        "the token": (plain(b"quartet/1", good), False),
    },
}.items():
    endpoints = {link: "tcp://127.0.0.1:*" if scheme == "tcp" else f"ipc://{sys.argv[1]}/{link}" for link in links.LINKS}
    binder = links.Binder("instance", endpoints, [KEY])
    for name, (configure, want) in cases.items():
        if refused(binder, configure) != want:
            sys.exit(f"{scheme}, {name}: refused is {not want}, want {want}")
    binder.close()

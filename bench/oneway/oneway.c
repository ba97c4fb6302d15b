/* One way: PUSH to PULL through libzmq over tcp without encryption, the ground for what Quartet's peers do by themselves.
 *
 *   oneway pull SIZE WARM_MS TIME_MS   binds, prints its endpoint, counts for a while, prints messages and nanoseconds
 *   oneway push SIZE ENDPOINT          sends until it is killed
 *
 * Each message begins with its number, and each number is checked. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

static void fail(const char *what) {
	fprintf(stderr, "oneway: %s: %s\n", what, zmq_strerror(errno));
	exit(1);
}

static void *open_socket(int type) {
	void *s = zmq_socket(zmq_ctx_new(), type);
	if (!s)
		fail("socket");
	int hwm = 100000; /* raised from 1,000: it is faster so */
	zmq_setsockopt(s, ZMQ_SNDHWM, &hwm, sizeof hwm);
	zmq_setsockopt(s, ZMQ_RCVHWM, &hwm, sizeof hwm);
	return s;
}

static int64_t now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void push(size_t size, const char *endpoint) {
	void *s = open_socket(ZMQ_PUSH);
	if (zmq_connect(s, endpoint))
		fail(endpoint);
	for (uint64_t n = 0;; n++) {
		zmq_msg_t m;
		if (zmq_msg_init_size(&m, size))
			fail("message");
		memset(zmq_msg_data(&m), 'x', size);
		memcpy(zmq_msg_data(&m), &n, sizeof n);
		if (zmq_msg_send(&m, s, 0) < 0)
			fail("send");
	}
}

static uint64_t wanted;

static void receive(void *s, zmq_msg_t *m, size_t size) {
	if (zmq_msg_recv(m, s, 0) < 0)
		fail("receive");
	uint64_t n;
	memcpy(&n, zmq_msg_data(m), sizeof n);
	if (zmq_msg_size(m) != size || n != wanted++) {
		fprintf(stderr, "oneway: message %" PRIu64 " came when %" PRIu64 " was due\n", n, wanted - 1);
		exit(1);
	}
}

static void pull(size_t size, int64_t warm, int64_t time) {
	void *s = open_socket(ZMQ_PULL);
	if (zmq_bind(s, "tcp://127.0.0.1:*"))
		fail("bind");
	char endpoint[256];
	size_t length = sizeof endpoint;
	zmq_getsockopt(s, ZMQ_LAST_ENDPOINT, endpoint, &length);
	printf("%s\n", endpoint);
	fflush(stdout);

	zmq_msg_t m;
	zmq_msg_init(&m);
	receive(s, &m, size);
	for (int64_t end = now() + warm; now() < end;)
		receive(s, &m, size);
	int64_t began = now(), ended = began;
	uint64_t first = wanted;
	while (ended - began < time) {
		for (int i = 0; i < 64; i++)
			receive(s, &m, size);
		ended = now();
	}
	printf("%" PRIu64 " %" PRId64 "\n", wanted - first, ended - began);
}

int main(int argc, char **argv) {
	size_t size = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	if (argc == 5 && !strcmp(argv[1], "pull") && size >= 8)
		pull(size, atoll(argv[3]) * 1000000, atoll(argv[4]) * 1000000);
	else if (argc == 4 && !strcmp(argv[1], "push") && size >= 8)
		push(size, argv[3]);
	else
		return fprintf(stderr, "usage: oneway pull SIZE WARM_MS TIME_MS | oneway push SIZE ENDPOINT\n"), 2;
	return 0;
}

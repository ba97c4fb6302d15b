package web_test

// connectionExchanges are about several requests on one connection, and old clients.
func connectionExchanges() []exchange {
	return []exchange{
		{name: "HTTP/1.0", send: "GET /a HTTP/1.0\r\n\r\n", differs: []difference{version}},
		{name: "HTTP/1.0 with Host", send: "GET /a HTTP/1.0\r\nHost: example.com\r\n\r\n", differs: []difference{version}},
		{name: "HTTP/1.0 kept alive", send: "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /b HTTP/1.0\r\n\r\n",
			methods: []string{"GET", "GET"}, differs: []difference{version, hops.without("Connection")}},
		{name: "HTTP/1.0 kept alive with an error", send: "GET PATH HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET PATH HTTP/1.0\r\n\r\n",
			serve: answering(404, "no"), methods: []string{"GET", "GET"}},
		{name: "HTTP/1.0 and a long answer", send: "GET PATH HTTP/1.0\r\n\r\n", serve: answering(0, letters(5000)), differs: []difference{
			wholeAnswer.by(func(a *reply) { a.set("Content-Length", "5000") })}},
		{name: "kept alive", send: get("/a") + get("/b"), methods: []string{"GET", "GET"}},
		{name: "pipelined", send: request("POST", "/a", "first") + get("/b") + request("HEAD", "/c", "") + request("PUT", "/d", letters(100_000)) + get("/e"),
			methods: []string{"POST", "GET", "HEAD", "PUT", "GET"}},
		{name: "pipelined with 204 and 304", send: get("PATH") + get("/b"), serve: answering(204, ""), methods: []string{"GET", "GET"}},
		{name: "kept alive after an error", send: get("PATH") + get("/b"), serve: answering(500, "oh"), methods: []string{"GET", "GET"}},
		{name: "closed by the client", send: get("/a", "Connection: close") + get("/b"), methods: []string{"GET", "GET"},
			differs: []difference{hops.without("Connection")}},
		{name: "no HTTP", send: "hello\r\n\r\n"},
		{name: "HTTP/3", send: "GET / HTTP/3.0\r\nHost: a\r\n\r\n"},
	}
}

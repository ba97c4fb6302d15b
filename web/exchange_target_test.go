package web_test

import "strings"

// targetExchanges are about what stands between METHOD and HTTP/1.1.
func targetExchanges() []exchange {
	same := []string{
		"/", "/a", "/a%2Fb", "/a%2fb", "/a%20b", "/%C3%A4", "/%ff", "/a//b", "//a", "//", "/a/./../b", "/..", "/%2e%2e/b",
		"/%00", "/%0d%0aX:%20y", "/%1b%5b31m", "/%c2%85", "/%e2%80%ae", "/a;b=1", "/a:b@c", "/a+b", "/!$&'()*,=[]~",
		"/%zz", "/%", "/*", "/%2A", "/%3Fa", "/a%3Fb?c",
		"/?", "/?a=b&a=c", "/?a=%zz;b", "/??", "/?a?b", "/a?q=/../", "/?%00", "/?\u20ac", "/?\xe4\xff", "/?a#b", "/?a=b+c%20d", "/?=&&",
		"/x/param/7", "/x/param/a%2Fb", "/x/param/%C3%A4", "/x/param/", "/x/none", "/x/param/7/",
		"/" + strings.Repeat("a", 4095), "/?" + strings.Repeat("q", 32<<10),
		"/a\x01", "/a\x7f", "a", "", "/a b", "http://[::1", "/?\x00", // these net/http refuses itself
	}
	var all []exchange
	for _, target := range same {
		all = append(all, exchange{name: "target " + q(target[:min(len(target), 40)]), send: get(target)})
	}
	for _, c := range []struct{ target, path, raw, uri string }{
		{"/\u00e4", `/\u00e4`, "", "/%C3%A4"},
		{"/\xe4", `/\xe4`, "", "/%E4"},
		{"/\x80%2F", `/\x80/`, "/%80%2F", "/%80%2F"},
		{"/\u00e4%2Fb", `/\u00e4/b`, "/%C3%A4%2Fb", "/%C3%A4%2Fb"}, // still no slash
		{"/{id}|\\^\"<>`", "/{id}|\\\\^\\\"<>`", "", "/%7Bid%7D%7C%5C%5E%22%3C%3E%60"},
		{"/a#b", "/a#b", "", "/a%23b"},
	} {
		all = append(all, exchange{name: "odd target " + q(c.target), send: get(c.target), differs: []difference{
			escaped.sees(func(s *seen) { s.Path, s.RawPath, s.URI = c.path, c.raw, c.uri }),
		}})
	}
	for _, c := range []struct{ target, path, uri string }{
		{"http://example.com/a?b", "/a", "/a?b"},
		{"http://u:p@Example.COM:81//a%2Fb?", "//a/b", "//a%2Fb?"},
		{"http://example.com", "/", "/"},
		{"foo:bar", "/", "/"},
	} {
		all = append(all, exchange{name: "absolute target " + c.target, send: get(c.target), differs: []difference{
			origin, origin.sees(func(s *seen) { s.Path, s.URI = c.path, c.uri }),
		}})
	}
	const longest = "a path of more than 4096 bytes does not go through a service"
	return append(all,
		exchange{name: "a path over the limit", send: get("/" + strings.Repeat("a", 4096)), differs: []difference{
			longPath.refused(414, longest)}},
		exchange{name: "a path over the limit once escaped", send: get("/" + strings.Repeat("\u00e4", 700)), differs: []difference{
			longPath.refused(414, longest)}},
		exchange{name: "a query of 1 MiB less", send: get("/?" + strings.Repeat("q", 900<<10)), differs: []difference{
			manyFields.refused(431, fieldsReason)}},
		exchange{name: "C1 as raw byte in the query", send: get("/?\x85"), differs: []difference{
			control.refused(400, "a control character in the query, the host or the client's address")}},
		exchange{name: "C1 in UTF-8 in the query", send: get("/?\u0085"), differs: []difference{
			control.refused(400, "a control character in the query, the host or the client's address")}},
	)
}

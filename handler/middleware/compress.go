package middleware

import (
	"bytes"
	"compress/gzip"
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"

	"quartet/handler"
)

const (
	acceptEncoding  = "accept-encoding"
	contentEncoding = "content-encoding"
	contentType     = "content-type"
	vary            = "vary"
)

// Compress compresses the body of answers of at least minBytes with gzip, if the header accept-encoding of the request
// allows it, and says so in content-encoding. Response.Bind decompresses (up to handler.MaxInflated);
// Response.Text and Response.Body do not. A browser does, when the answer crosses web.Serve and web.Offload.
//
// It leaves alone what has a content-encoding or a content-range already, what says cache-control: no-transform,
// types that are compressed in themselves (images, audio, video, archives, PDF, WOFF), a body that would not get
// smaller, and forwards. An etag becomes a weak one, and content-length and accept-ranges, which no longer fit, go.
// Answers that might have been compressed get vary: accept-encoding in any case, for caches.
//
// It is opt-in twice, here and by each caller, because it costs some 20 ms of a processor for each MiB, more than
// many a network: worth it for text that goes to browsers or over slow links, not within a machine. An answer that
// holds a secret next to text that a stranger chose should not be compressed at all, for its length then tells of the
// secret (BREACH). The limit for bodies (service.WithMaxBody) is for the compressed body.
//
// A minBytes of about 1,400, one packet, is sensible; one below 1 counts as 1. Answers of response handlers do
// not travel and stay as they are.
func Compress(minBytes int) handler.Middleware {
	minBytes = max(minBytes, 1)
	return func(next handler.Handler) handler.Handler {
		return handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
			resp, err := next.Serve(ctx, r)
			if err != nil || resp == nil || len(resp.Body) < minBytes || r.Answer != nil || !compressible(resp) {
				return resp, err
			}
			resp = withHeader(resp)
			addVary(resp)
			if allowsGzip(r.Header[acceptEncoding]) {
				compress(resp)
			}
			return resp, nil
		})
	}
}

// compress replaces the body, if that makes it smaller.
func compress(resp *handler.Response) {
	body := deflate(resp.Body)
	if body == nil {
		return
	}
	resp.Body = body
	resp.SetHeader(contentEncoding, "gzip")
	delete(resp.Header, "content-length")
	delete(resp.Header, "accept-ranges")
	if tag := resp.HeaderValue("etag"); strings.HasPrefix(tag, `"`) {
		resp.SetHeader("etag", "W/"+tag)
	}
}

// level is one that spares a third of the time of gzip's default for 3 % more bytes.
const level = 5

// maxKept is the largest buffer that a deflater keeps for the next body.
const maxKept = 1 << 20

// deflater is a gzip.Writer, which is large, and where it writes to.
type deflater struct {
	out bytes.Buffer
	zw  *gzip.Writer
}

var deflaters = sync.Pool{New: func() any {
	zw, _ := gzip.NewWriterLevel(nil, level) // which fails for no level that exists
	return &deflater{zw: zw}
}}

// deflate returns body in gzip, nil if that is no smaller.
func deflate(body []byte) []byte {
	d := deflaters.Get().(*deflater)
	d.zw.Reset(&d.out)
	_, _ = d.zw.Write(body) // a Buffer takes everything
	_ = d.zw.Close()
	var small []byte
	if d.out.Len() < len(body) {
		small = bytes.Clone(d.out.Bytes())
	}
	if d.out.Reset(); d.out.Cap() <= maxKept {
		deflaters.Put(d)
	}
	return small
}

func compressible(resp *handler.Response) bool {
	if _, _, forwards := resp.Forwards(); forwards {
		return false
	}
	switch resp.Code() {
	case http.StatusNoContent, http.StatusPartialContent, http.StatusNotModified:
		return false
	}
	if resp.Header[contentEncoding] != nil || resp.Header["content-range"] != nil {
		return false
	}
	return !lists(resp.Header["cache-control"], "no-transform") && !packed(resp.HeaderValue(contentType))
}

func addVary(resp *handler.Response) {
	if values := resp.Header[vary]; !lists(values, "*") && !lists(values, acceptEncoding) {
		resp.Header[vary] = append(slices.Clip(values), acceptEncoding)
	}
}

// lists reports whether a header whose values are lists has an element of that lower-case name.
func lists(values []string, name string) bool {
	for _, value := range values {
		for element := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.TrimSpace(element), name) {
				return true
			}
		}
	}
	return false
}

// allowsGzip reads the header accept-encoding; what it says of gzip goes before what it says of *.
func allowsGzip(values []string) bool {
	star := false
	for _, value := range values {
		for element := range strings.SplitSeq(value, ",") {
			name, params, _ := strings.Cut(element, ";")
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "gzip", "x-gzip":
				return !refused(params)
			case "*":
				star = !refused(params)
			}
		}
	}
	return star
}

// refused reports whether the parameters say q=0.
func refused(params string) bool {
	name, q, _ := strings.Cut(params, "=")
	q = strings.TrimSpace(q)
	return strings.EqualFold(strings.TrimSpace(name), "q") && q != "" && strings.Trim(q, "0.") == ""
}

// packed reports whether a media type is one that gzip makes no smaller.
func packed(mediaType string) bool {
	mediaType, _, _ = strings.Cut(mediaType, ";")
	mediaType = strings.ToLower(strings.TrimSpace(mediaType))
	kind, name, _ := strings.Cut(mediaType, "/")
	switch kind {
	case "audio", "video":
		return true
	case "image":
		return !slices.Contains([]string{"svg+xml", "bmp", "x-icon", "vnd.microsoft.icon"}, name)
	case "font":
		return strings.HasPrefix(name, "woff")
	case "application":
		return strings.HasSuffix(name, "zip") || strings.HasSuffix(name, "compressed") ||
			strings.HasPrefix(name, "vnd.openxmlformats-officedocument.") ||
			strings.HasPrefix(name, "vnd.oasis.opendocument.") || slices.Contains(packedTypes, name)
	}
	return false
}

var packedTypes = []string{
	"br", "font-woff", "java-archive", "pdf", "vnd.rar", "x-bzip", "x-bzip2", "x-xz", "zstd",
}

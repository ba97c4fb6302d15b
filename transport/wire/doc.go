// Package wire is the wire contract of Quartet in Go: the six messages that
// two processes exchange, the codec of their bodies, and the checks that make
// both safe to read from a stranger. docs/PROTOCOL.md is the same contract in
// prose; testdata/ holds vectors that bind the two together.
//
// A message is one ZMTP frame and one msgpack array: version, kind, then the
// fields of the kind. Append writes one, Decode reads one:
//
//	frame, err := wire.Append(nil, &wire.Request{ID: ids.Next(), Path: "/slow", Method: "get", Left: time.Second})
//	m, err := wire.Decode(frame)
//
// What callers may rely on:
//
//   - Every input is scanned before anything is allocated for it: claimed
//     lengths, depth, number of elements, duplicate keys, trailing bytes.
//     Five bytes that claim four gigabytes cost five bytes.
//   - Append refuses whatever Decode would refuse, so that bad input of a
//     local caller fails before it is sent. Check tells without encoding.
//   - Decode takes the frame over: the Body of the message is a part of it,
//     not a copy. Everything else in the message is its own.
//   - Append copies all it needs; the message stays the caller's.
//   - All functions are safe for concurrent use and never panic on input.
//
// This is the only package that knows msgpack.
package wire

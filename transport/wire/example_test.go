package wire_test

import (
	"errors"
	"fmt"
	"time"

	"quartet/transport/wire"
)

func ExampleAppend() {
	frame, err := wire.Append(nil, &wire.Request{
		ID:     wire.ID{15: 1},
		Path:   "/service/slow",
		Method: "get",
		Left:   time.Second,
		Args:   map[string]string{"delay": "10ms"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := wire.Decode(frame)
	if err != nil {
		fmt.Println(err)
		return
	}
	request := m.(*wire.Request)
	fmt.Println(request.ID, request.Method, request.Path, request.Args["delay"])
	// Output: 00000000000000000000000000000001 get /service/slow 10ms
}

func ExampleDecode_refused() {
	frame, _ := wire.Append(nil, &wire.Request{ID: wire.ID{15: 1}, Path: "/", Method: "get"})
	_, err := wire.Decode(append(frame, 0))
	fmt.Println(errors.Is(err, wire.ErrMalformed))
	if kind, id, ok := wire.IDOf(err); ok {
		fmt.Println("can be answered:", kind, id)
	}
	// Output:
	// true
	// can be answered: request 00000000000000000000000000000001
}

func ExampleScan() {
	bomb := []byte{0xdd, 0xff, 0xff, 0xff, 0xff} // an array of 4,294,967,295 elements, it says
	fmt.Println(wire.Scan(bomb))
	// Output: wire: malformed message: shorter than it claims to be at byte 0
}

func ExampleMarshal() {
	type report struct {
		Title string `json:"title"`
		Pages int    `json:"pages"`
	}
	body, err := wire.Marshal(report{"Annual", 12})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%x\n", body)

	var got report
	if err := wire.Unmarshal(body, &got); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(got.Title, got.Pages)
	// Output:
	// 82a57469746c65a6416e6e75616ca570616765730c
	// Annual 12
}

func ExampleNewIDSource() {
	ids := wire.NewIDSource()
	a, b := ids.Next(), ids.Next()
	fmt.Println(a == b, a.String()[16:], b.String()[16:])
	// Output: false 0000000000000001 0000000000000002
}

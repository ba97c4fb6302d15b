package wire

import (
	"bufio"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/matryer/is"
	"golang.org/x/crypto/scrypt"
)

// The tests in this file hold docs/PROTOCOL.md to what it says.

const protocolFile = "../../docs/PROTOCOL.md"

// block is a fenced block of code: what follows the fence, and the lines.
type block struct {
	info  string
	lines []string
}

// readProtocol returns the fenced blocks and the other lines of docs/PROTOCOL.md.
func readProtocol(is *is.I) (blocks []block, text []string) {
	is.Helper()
	f, err := os.Open(protocolFile)
	is.NoErr(err) // the contract is there
	defer f.Close()
	inside := false
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		info, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && !inside:
			blocks, inside = append(blocks, block{info: info}), true
		case fence:
			inside = false
		case inside:
			last := &blocks[len(blocks)-1]
			last.lines = append(last.lines, line)
		default:
			text = append(text, line)
		}
	}
	return blocks, text
}

func TestProtocolExamples(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	known := map[string]string{}
	for _, v := range readVectors(is) {
		known[v.Name] = v.Hex
	}
	examples := 0
	blocks, _ := readProtocol(is)
	for _, b := range blocks {
		name, ok := strings.CutPrefix(b.info, "vector ")
		if !ok {
			continue
		}
		var digits strings.Builder
		for _, line := range b.lines {
			code, _, _ := strings.Cut(line, ";")
			digits.WriteString(strings.Join(strings.Fields(code), ""))
		}
		is.Equal(digits.String(), known[name]) // the example is the vector of this name
		examples++
	}
	is.True(examples >= 4) // and there are some
}

func TestProtocolLimits(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	limits := map[string]int{
		"open arrays and maps, the outermost included":          MaxDepth,
		"values in all (keys, values, containers: one each)":    MaxElements,
		"bytes of a message other than hello, without its body": MaxEnvelope,
		"bytes of a hello":                                    MaxHello,
		"bytes of a path or a pattern":                        MaxPath,
		"bytes of a METHOD":                                   MaxMethod,
		"bytes of a name: service, process, header, argument": MaxName,
		"bytes of a reason":                                   MaxReason,
		"names in a header":                                   MaxHeaderNames,
		"arguments":                                           MaxArgs,
		"routes in a hello":                                   MaxRoutes,
		"services in a hello":                                 MaxServices,
	}
	_, text := readProtocol(is)
	for _, line := range text {
		cells := strings.Split(line, "|")
		if len(cells) != 4 {
			continue
		}
		name := strings.TrimSpace(cells[1])
		if want, ok := limits[name]; ok {
			is.Equal(strings.TrimSpace(cells[2]), strconv.Itoa(want)) // the limit is the one in the code
			delete(limits, name)
		}
	}
	is.Equal(len(limits), 0) // every limit is told
}

// The order of the fields in the tables is that of the words in the vectors.
func TestProtocolFields(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	_, text := readProtocol(is)
	told, kind := map[string][]string{}, ""
	for _, line := range text {
		if heading, ok := strings.CutPrefix(line, "### "); ok {
			kind = strings.Trim(strings.Fields(heading + " - -")[1], ",")
		}
		cells := strings.Split(line, "|")
		if len(cells) < 5 {
			continue
		}
		if _, err := strconv.Atoi(strings.TrimSpace(cells[1])); err == nil && strings.TrimSpace(cells[2]) != "" {
			told[kind] = append(told[kind], strings.TrimSpace(cells[2]))
		}
	}
	for _, v := range readVectors(is) {
		want := append([]string{"version", "kind"}, keysInOrder(string(v.Fields))...)
		is.Equal(told[v.Kind][:len(want)], want) // the table of the kind
	}
}

// keysInOrder returns the keys of the outermost object of indented JSON.
func keysInOrder(text string) (keys []string) {
	const indent = "      \""
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, indent); ok {
			key, _, _ := strings.Cut(rest, "\"")
			keys = append(keys, key)
		}
	}
	return keys
}

func TestProtocolSecrets(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	blocks, _ := readProtocol(is)
	told := map[string]string{}
	for _, b := range blocks {
		if b.info != "secrets" {
			continue
		}
		for _, line := range b.lines {
			words := strings.Fields(line)
			last := len(words) - 1
			told[strings.Join(words[:last], " ")] = words[last]
		}
	}
	is.Equal(len(told), 6) // a passphrase, a key and four tokens
	stretched, err := scrypt.Key([]byte("my_shared_secret"), []byte("quartet/1 passphrase"), 1<<14, 8, 1, 32)
	is.NoErr(err)                                                                // scrypt takes the parameters
	is.Equal(hex.EncodeToString(stretched), told["passphrase my_shared_secret"]) // and gives the key
	key, err := hex.DecodeString(told["key"])
	is.NoErr(err) // a key is hex
	for _, who := range []string{"app requests", "app responses", "instance requests", "instance responses"} {
		token, err := hkdf.Key(sha256.New, key, nil, "quartet/1 plain "+who, 32)
		is.NoErr(err)                                           // HKDF takes the key
		is.Equal(hex.EncodeToString(token), told["token "+who]) // and gives the token
	}
}

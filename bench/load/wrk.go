package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"time"

	"quartet/bench/stats"
)

// Connections is how many wrk keeps open.
const Connections = 64

// HTTP lets wrk fetch a page over kept connections. wrk sees only whether a page is an error, so its body is compared
// with what it must be before and after. wrk counts in whole seconds.
func HTTP(ctx context.Context, url string, want []byte, warm, took time.Duration) (stats.Sample, error) {
	if err := fetch(ctx, url, want); err != nil {
		return nil, err
	}
	if err := warmUp(ctx, url, warm); err != nil {
		return nil, err
	}
	s, err := wrk(ctx, url, took)
	return s, errors.Join(err, fetch(ctx, url, want))
}

// warmUp interrupts wrk after a time that it could not be told.
func warmUp(ctx context.Context, url string, d time.Duration) error {
	warm, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	_, err := wrk(warm, url, d+time.Second)
	if warm.Err() != nil {
		return ctx.Err() // it ended as it should, or everything does
	}
	return err
}

func wrk(ctx context.Context, url string, d time.Duration) (stats.Sample, error) {
	seconds := max(int(d.Round(time.Second).Seconds()), 1)
	cmd := exec.CommandContext(ctx, "wrk", "-t1", "-c"+strconv.Itoa(Connections), "-d"+strconv.Itoa(seconds)+"s", "--latency", url)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("wrk: %w: %s", err, out)
	}
	return parseWrk(string(out))
}

var (
	wrkRate    = regexp.MustCompile(`Requests/sec:\s+([\d.]+)`)
	wrkTime    = regexp.MustCompile(`(?m)^\s+(50|99)%\s+([\d.]+)(us|ms|s)\b`)
	wrkLongest = regexp.MustCompile(`(?m)^\s+Latency\s+\S+\s+\S+\s+([\d.]+)(us|ms|s)\b`)
	wrkFailed  = regexp.MustCompile(`Non-2xx or 3xx responses: (\d+)|Socket errors: .*`)
)

// parseWrk reads what wrk --latency prints.
func parseWrk(out string) (stats.Sample, error) {
	if failed := wrkFailed.FindString(out); failed != "" {
		return nil, fmt.Errorf("wrk: %s", failed)
	}
	rate := wrkRate.FindStringSubmatch(out)
	if rate == nil {
		return nil, fmt.Errorf("wrk printed no rate: %s", out)
	}
	s := stats.Sample{}
	s[stats.Rate], _ = strconv.ParseFloat(rate[1], 64)
	for _, m := range wrkTime.FindAllStringSubmatch(out, -1) {
		s[map[string]stats.Metric{"50": stats.P50, "99": stats.P99}[m[1]]] = micros(m[2], m[3])
	}
	if m := wrkLongest.FindStringSubmatch(out); m != nil {
		s[stats.Max] = micros(m[1], m[2])
	}
	return s, nil
}

func micros(number, unit string) float64 {
	n, _ := strconv.ParseFloat(number, 64) // the pattern lets nothing else through
	return n * map[string]float64{"us": 1, "ms": 1e3, "s": 1e6}[unit]
}

func fetch(ctx context.Context, url string, want []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err == nil && (resp.StatusCode != http.StatusOK || !bytes.Equal(got, want)) {
		err = fmt.Errorf("a wrong page: %s %q, not %q", resp.Status, got, want)
	}
	return err
}

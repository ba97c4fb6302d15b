package transport_test

import (
	"testing"

	"quartet/transport/transporttest"
)

func TestConformanceInproc(t *testing.T) { transporttest.Run(t, transporttest.Inproc) }

func TestConformanceIPC(t *testing.T) {
	transporttest.Run(t, transporttest.IPC, transporttest.Authenticated())
}

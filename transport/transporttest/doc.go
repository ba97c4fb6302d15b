// Package transporttest holds the conformance suite of the transport: what every scheme must do, in both
// binding modes. A scheme joins with one line:
//
//	func TestConformanceIPC(t *testing.T) { transporttest.Run(t, transporttest.IPC, transporttest.Authenticated()) }
//
// Besides, it holds Chaos, which breaks connections on purpose.
package transporttest

// Package faults has only tests: processes of its own are restarted, killed, stopped and poisoned while they are asked, and
// a ledger is kept of what was asked, run and answered.
//
// The tests run for seconds. Their full forms take some minutes:
//
//	QUARTET_FAULTS=full go test -v -count=1 -timeout 15m ./demos/faults ./demos/trio ./demos/python
package faults

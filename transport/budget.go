package transport

import "golang.org/x/sync/semaphore"

// budget bounds the memory of large frames in this process, from before they are read until the
// handler or the waiter has the body. It is process-wide on purpose: memory is.
var budget = semaphore.NewWeighted(Budget)

// budgetFree is the size of a frame, in bytes, up to which none is taken.
const budgetFree = 64 << 10

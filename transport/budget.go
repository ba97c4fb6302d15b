package transport

import "golang.org/x/sync/semaphore"

// budget bounds the memory of large frames in this process, from before they are read until the
// handler or the waiter has the body. It is process-wide on purpose: memory is.
var budget = semaphore.NewWeighted(Budget)

// budgetFree is the size of a frame, in bytes, up to which none is taken.
const budgetFree = 64 << 10

// sendBudget bounds the memory of what waits to be written, all links together. Who finds it used up has a
// full queue.
var sendBudget = semaphore.NewWeighted(SendBudget)

// sendFree is how much waits at one link without being counted, in bytes.
const sendFree = 256 << 10

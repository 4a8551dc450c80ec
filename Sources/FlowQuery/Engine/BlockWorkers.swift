import Dispatch
import Glibc
import Synchronization

/// Threads that work on `blocks` blocks, where `asked` were wanted (0 = one a core).
func workerCount(asked: Int, blocks: Int) -> Int {
    let cores = asked > 0 ? asked : sysconf(Int32(_SC_NPROCESSORS_ONLN))
    return max(1, min(cores, blocks, 256))
}

/// Calls `body` with every number below `count`, shared over `workers` threads.
///
/// Each worker takes the next number, so a slow block delays nobody else.
func forEachBlock(
    _ count: Int, workers: Int, _ body: (_ worker: Int, _ index: Int) -> Void
) {
    if workers <= 1 {
        for index in 0..<count { body(0, index) }
        return
    }
    let next = Atomic<Int>(0)
    withoutActuallyEscaping(body) { body in
        // Each worker calls it with its own number and touches only what that number owns.
        nonisolated(unsafe) let body = body
        DispatchQueue.concurrentPerform(iterations: workers) { worker in
            while true {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < count else { return }
                unsafe body(worker, index)
            }
        }
    }
}

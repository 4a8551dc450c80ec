import Glibc

/// A lock with a condition that its holders wait for.
@safe
package final class Monitor: @unchecked Sendable {
    // Sendable: the system's lock is made for it.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    package init() {
        unsafe pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        // A clock that nobody sets, so that no wait is hours long because of summer time.
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(changed, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(changed)
        unsafe pthread_mutex_destroy(mutex)
        unsafe changed.deallocate()
        unsafe mutex.deallocate()
    }

    package func lock() { unsafe _ = pthread_mutex_lock(mutex) }
    package func unlock() { unsafe _ = pthread_mutex_unlock(mutex) }

    /// Lets go of the lock until somebody signals.
    package func wait() { unsafe _ = pthread_cond_wait(changed, mutex) }

    /// The same, until ``now`` is `instant` at most.
    package func wait(until instant: UInt64) {
        var time = timespec()
        time.tv_sec = Int(clamping: instant / 1_000_000_000)
        time.tv_nsec = Int(instant % 1_000_000_000)
        unsafe _ = pthread_cond_timedwait(changed, mutex, &time)
    }

    package func signal() { unsafe _ = pthread_cond_broadcast(changed) }

    /// Nanoseconds of the clock that waits go by.
    package static var now: UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

/// A thread that runs one function.
package struct Worker {
    private let thread: pthread_t

    /// Starts it; nil where the system has no thread to give.
    package init?(_ body: @escaping @Sendable () -> Void) {
        let context = unsafe Unmanaged.passRetained(Body(body))
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread, nil,
            { context in
                guard let context = unsafe context else { return nil }
                unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            unsafe context.release()
            return nil
        }
        self.thread = thread
    }

    /// Waits for its end.
    package func join() { _ = pthread_join(thread, nil) }

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
}

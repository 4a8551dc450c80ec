import Testing

@testable import FlowCollector

@Suite struct SpareListTests {
    @Test func `the last that was put back is taken first`() {
        var spares = SpareList<Int>(span: 100)
        #expect(spares.take() == nil)
        for number in 1...3 { spares.put(number) }
        #expect([spares.take(), spares.take(), spares.take(), spares.take()] == [3, 2, 1, nil])
    }

    @Test func `what a burst leaves behind goes when it was not wanted for a while`() {
        var spares = SpareList<Int>(span: 10)
        for number in 0..<30 { spares.put(number) }
        // Two are in use at a time.
        for _ in 0..<10 {
            let (one, other) = (spares.take(), spares.take())
            for spare in [one, other] { if let spare { spares.put(spare) } }
        }
        #expect(spares.count == 2)
    }

    @Test func `what is wanted now and then stays`() {
        var spares = SpareList<Int>(span: 10)
        for number in 0..<8 { spares.put(number) }
        for _ in 0..<50 {
            let taken = (0..<8).compactMap { _ in spares.take() }
            #expect(taken.count == 8)
            for spare in taken { spares.put(spare) }
        }
    }
}

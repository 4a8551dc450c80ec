import FlowModel
import Testing

@Suite struct RegistryTests {
    private func element(_ id: UInt16, _ enterprise: UInt32 = 0) -> OtherElement {
        OtherElement(enterprise: enterprise, id: id, length: 4)
    }

    @Test(
        arguments: [
            (0, 1, "octetDeltaCount"), (0, 8, "sourceIPv4Address"), (0, 34, "samplingInterval"),
            (0, 152, "flowStartMilliseconds"), (0, 293, "subTemplateMultiList"),
            (0, 499, "srhIPv6Section"), (29305, 1, "reverseOctetDeltaCount"),
            (29305, 182, "reverseTcpSourcePort"), (6871, 14, "initialTCPFlags"),
            (6871, 0x400e, "reverseInitialTCPFlags"), (6876, 880, "tenantProtocol"),
            (9, 12, "e9id12"), (0, 60000, "id60000"), (0, 33000, "ingressAclId"),
            (29305, 60000, "e29305id60000"),
        ] as [(UInt32, UInt16, String)])
    func `an element has the registry's name, or its numbers`(
        enterprise: UInt32, id: UInt16, name: String
    ) {
        #expect(InformationElement.name(of: element(id, enterprise)) == name)
    }

    @Test func `every element that feeds a column is in the registry`() {
        for info in Field.table {
            let ids = info.source.split { !$0.isNumber }.compactMap { UInt16($0) }
            for id in ids where id < 500 {
                #expect(InformationElement.lookup(enterprise: 0, id: id) != nil, "\(id)")
            }
        }
    }

    @Test func `values are read by their type`() {
        func value(
            _ id: UInt16, _ octets: [UInt8], _ enterprise: UInt32 = 0
        )
            -> InformationElement.Value
        {
            InformationElement.value(of: element(id, enterprise), octets: octets)
        }
        #expect(value(1, [1, 0]) == .unsigned(256))
        #expect(value(1, [UInt8](repeating: 255, count: 8)) == .unsigned(.max))
        #expect(value(1, []) == .hexadecimal("0x"))
        #expect(value(8, [192, 0, 2, 1]) == .text("192.0.2.1"))
        #expect(value(27, [UInt8](repeating: 0, count: 15) + [1]) == .text("::1"))
        #expect(value(8, [1, 2]) == .hexadecimal("0x0102"))
        #expect(value(56, [0, 1, 2, 0xab, 0xcd, 0xef]) == .text("00:01:02:ab:cd:ef"))
        #expect(value(82, Array("eth0".utf8) + [0, 0]) == .text("eth0"))
        #expect(value(276, [1]) == .boolean(true) && value(276, [2]) == .boolean(false))
        #expect(value(276, [7]) == .unsigned(7))
        #expect(value(311, [0x3f, 0xe0, 0, 0, 0, 0, 0, 0]) == .real(0.5))
        #expect(value(311, [0x3f, 0, 0, 0]) == .real(0.5))
        #expect(value(434, [0xff, 0xfe]) == .signed(-2))
        #expect(value(5, [9], 4242) == .hexadecimal("0x09"))
        #expect(value(313, [0xde, 0xad]) == .hexadecimal("0xdead"))
    }

    @Test func `records of one length are kept like records one by one`() {
        let records: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
        let layout = [
            OtherElement(enterprise: 0, id: 82, length: 1),
            OtherElement(enterprise: 0, id: 83, length: 1),
        ]
        var other = OtherElements()
        guard let number = other.layout(layout) else {
            Issue.record("no layout")
            return
        }
        other.set(
            rows: 3..<5, layout: number, records: records.span.bytes, stride: 4,
            pieces: [0..<1, 3..<4])
        #expect(other.elements(at: 2).isEmpty)
        #expect(other.elements(at: 3).map { Array($0.octets) } == [[1], [4]])
        #expect(other.elements(at: 4).map { Array($0.octets) } == [[5], [8]])
    }
}

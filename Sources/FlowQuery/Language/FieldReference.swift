import FlowModel

/// The text of `docs/fields.md`, made from the table that the code uses.
public enum FieldReference {
    /// The whole document.
    public static var markdown: String {
        var text = """
            # Fields

            Every column of a flow record. A name here is a word of the filter language
            ([filter.md](filter.md)), a name for `--fields`, `--by` and `--sort` (`other` for `--fields`
            only), a header in tables and CSV, and a key in JSON. `skein reference fields` prints this file
            from the table in the code.

            *Where absent*: what JSON shows when the exporter did not send the field. *Elements*: the
            IPFIX information elements or NetFlow v9 field types that fill it (`enterprise/element`).
            The lines are in the order of the column numbers of [store-format.md](store-format.md), from 1.

            | name | values | where absent | elements | meaning |
            |---|---|---|---|---|

            """
        for info in Field.table {
            let absent =
                switch info.meaning {
                case _ where info.field == .sampling: "1, or 0"
                case _ where info.isDense: info.meaning == .address ? "`::`" : "0"
                default: "null"
                }
            text += "| `\(info.name)` | \(values(of: info)) | \(absent) | \(info.source) "
            text += "| \(info.summary) |\n"
        }
        text += """

            Derived from the columns, in filters and `--fields`:

            | name | values | meaning |
            |---|---|---|
            | `service` | protocol and port | `tcp/443`: of a flow's two ports the lower one; also a key for `--by` |
            | `duration` | ms | `end` − `start`, 0 where the end is before the start |
            | `pps` | number | packets a second, 0 where the duration is 0 |
            | `bps` | number | bits a second, 0 where the duration is 0 |
            | `bpp` | number | octets a packet, 0 where there are no packets |

            """
        return text
    }

    private static func values(of info: FieldInfo) -> String {
        switch info.meaning {
        case .instant: "ms since 1970, UTC"
        case .address: "IPv4 or IPv6 address"
        case .transportProtocol: "0–255, names in tables"
        case .port: "0–65535"
        case .tcpFlags: "bits, letters in tables"
        case .counter: "counter, multiplied by `sampling`"
        case .mac: "MAC address"
        case .autonomousSystem: "AS number"
        case .country: "two letters (ISO 3166), `ZZ`"
        case .service: "protocol and port"
        case .elements: "object of name and value"
        case .number: info.storage == .u64 ? "number" : "0–\(Quantity.field(info.field).largest)"
        }
    }
}

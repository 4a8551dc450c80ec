/// The documents that are made from the table of settings.
public enum ConfigurationReference {
    /// A commented `skein.yaml` with every default.
    public static var document: String {
        """
        # The configuration of skein serve, with every default: what is left out stays as it is here.
        # docs/configuration.md says more. Check it with: skein config check FILE


        """
            + settingsDocument(SkeinSettings()) { setting in
                let info = setting.info
                var lines = wrapped(info.summary, width: 94).map { "# \($0)" }
                if info.fields.isEmpty {
                    lines += wrapped("(\(info.values))", width: 94).map { "# \($0)" }
                } else {
                    lines.append("# Entries (* needed):")
                    lines += info.fields.flatMap { field -> [String] in
                        let star = field.isRequired ? "*" : ""
                        return wrapped("\(field.path)\(star): \(field.summary)", width: 90)
                            .enumerated().map { "#  \($0.offset == 0 ? "-" : " ") \($0.element)" }
                    }
                }
                return (lines.map { $0.filter { $0 != "`" } }, "")
            }
    }

    /// `docs/configuration.md`.
    public static var markdown: String {
        let rows = SkeinSettings.reference.map { info in
            "| `\(info.path)` | \(cell(info.values)) | `\(info.standard)` | \(cell(info.summary))"
                + (info.fields.isEmpty ? "" : " Keys: [below](#\(anchor(info.path))).") + " |"
        }
        let entries = SkeinSettings.reference.filter { !$0.fields.isEmpty }.map { info in
            """
            ### `\(info.path)`

            | key | values | default | meaning |
            |---|---|---|---|
            \(info.fields.map(fieldRow).joined(separator: "\n"))

            """
        }
        return """
            # Configuration

            `skein serve` needs none. What is to be otherwise stands in a YAML file, `skein serve --config
            skein.yaml`; every setting may be left out. `skein config reference` prints a commented file with
            every default, `skein config check FILE` says what is wrong with a file, all of it at once, or
            prints the settings that hold and where each came from. `skein reference configuration` prints this
            file from the table in the code.

            ## Settings

            | setting | values | default | meaning |
            |---|---|---|---|
            \(rows.joined(separator: "\n"))

            \(entries.joined(separator: "\n"))
            ## How values are written

            A setting `a.b` is the key `b` within `a`:

            ```yaml
            store:
              path: /var/lib/skein
              retention:
                max-size: 200G
            geo:
              home:
                - networks: [192.0.2.0/24]
                  country: CH
                  to: 2024-07-01
                - networks: [198.51.100.0/24, "2001:db8::/32"]
                  country: CH
                  from: 2024-07-01
            ```

            | values | are |
            |---|---|
            | duration | a number and a unit, `ms s min h d w` (`m` is `min`), also together: `1h30min` |
            | size | octets: `500M`, `1.5T` count in thousands, `64Mi`, `1Gi` in 1024s |
            | prefix or address | `192.0.2.0/24`, `2001:db8::/32`, `192.0.2.1`; bits beyond the length are an error |
            | time | `2024-06-07`, `2024-06-07T12:00`, in local time; `2024-06-07T12:00Z`, `…+02:00` |
            | path | relative ones go by the folder in which `skein` was started |
            | list | lines that begin with `- `, or `[a, b]`; a single value may stand alone; `[]` or `none` is an empty one |
            | `none` | nothing; the word itself is written `"none"` |

            Texts mean themselves: `NO` is Norway, `0755` has a zero. In `[…]` a value with brackets or colons
            wants quotes: `["udp://[::1]:2055"]`. Anchors, aliases and tags of YAML are not taken. A key that
            is none is an error, as is one that stands twice.

            ## Environment and command line

            Options go before the environment, that before the file, that before the defaults. Every setting
            but the lists of entries has a variable: `SKEIN_`, then its name in capitals with `_` for `.` and
            `-` (`http.listen`: `SKEIN_HTTP_LISTEN`); `store.path` is `SKEIN_STORE`, as for every command.
            Values of a list have commas between them, an empty variable counts as none. `SKEIN_CONFIG` names
            the file. On the command line `--set http.listen=none` makes any of these settings.

            """
    }

    private static func fieldRow(_ info: SettingInfo) -> String {
        let standard = info.isRequired ? "needed" : "`\(info.standard)`"
        return "| `\(info.path)` | \(cell(info.values)) | \(standard) | \(cell(info.summary)) |"
    }

    private static func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }

    /// The name that web pages make of a heading.
    private static func anchor(_ path: String) -> String { path.replacing(".", with: "") }

    private static func wrapped(_ text: String, width: Int) -> [String] {
        var lines = [""]
        for word in text.split(separator: " ") {
            let last = lines.count - 1
            if lines[last].isEmpty {
                lines[last] = String(word)
            } else if lines[last].count + 1 + word.count <= width {
                lines[last] += " \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}

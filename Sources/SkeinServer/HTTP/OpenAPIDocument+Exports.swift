extension OpenAPIDocument {
    /// What is said of files of what is listed.
    static let exportPath = """
        {
              "get": \(exportOperation("export", "What is listed and in force, as a file that another tool reads; made once, until something else is listed")),
              "head": \(exportOperation("exportHead", "Whether the file is another one than before"))
            }
        """

    private static func exportOperation(_ name: String, _ summary: String) -> String {
        """
        {
                "operationId": "\(name)",
                "summary": "\(summary)",
                "parameters": [
                  {"name": "format", "in": "path", "required": true, "description": "As skein intel export has it (docs/intel.md)", "schema": {"type": "string", "enum": ["rpz", "silk-v4", "silk-v6", "nftables", "ipset", "suricata-categories", "suricata-reputation", "suricata-rules", "zeek", "wazuh-addresses", "wazuh-notes", "wazuh-names", "rbldnsd-ip4set", "rbldnsd-ip6trie", "stix", "decisions"]}},
                  {"name": "sources", "in": "query", "description": "Only what these sources list, separated by commas; all where none is named", "schema": {"type": "string", "minLength": 1, "maxLength": 4096}},
                  {"name": "revision", "in": "query", "description": "Last two digits of an RPZ's serial number; 0: as often as it changes", "schema": {"type": "integer", "minimum": 0, "maximum": 99, "default": 0}},
                  {"name": "set-name", "in": "query", "description": "What sets of nftables and ipset are named after", "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,26}$", "default": "threat"}},
                  {"name": "If-None-Match", "in": "header", "description": "The ETag of the file that is there already", "schema": {"type": "string"}},
                  {"name": "If-Modified-Since", "in": "header", "description": "Its Last-Modified", "schema": {"type": "string"}}
                ],
                "responses": {
                  "200": {
                    "description": "The file, with ETag and Last-Modified",
                    "headers": {
                      "ETag": {"required": true, "schema": {"type": "string"}},
                      "Last-Modified": {"required": true, "schema": {"type": "string"}}
                    },
                    "content": {
                      "text/plain": {"schema": {"type": "string"}},
                      "text/dns": {"schema": {"type": "string"}},
                      "text/tab-separated-values": {"schema": {"type": "string"}},
                      "application/stix+json": {"schema": {"type": "object"}}
                    }
                  },
                  "304": {"description": "It is the file that is there already"},
                  "400": {"$ref": "#/components/responses/Refusal"},
                  "404": {"$ref": "#/components/responses/Refusal"},
                  "503": {"$ref": "#/components/responses/Refusal"},
                  "504": {"$ref": "#/components/responses/Refusal"},
                  "default": {"$ref": "#/components/responses/Refusal"}
                }
              }
        """
    }
}

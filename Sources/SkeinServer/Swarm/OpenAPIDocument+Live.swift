extension OpenAPIDocument {
    /// What is said of the scenes of what arrives.
    static let livePath = """
        {
              "get": {
                "operationId": "liveSwarm",
                "summary": "The scenes of what arrives, as octets, each half second (docs/swarm.md); until the connection ends",
                "parameters": [
                  {"name": "filter", "in": "query", "description": "Which flows (docs/filter.md)", "schema": {"type": "string", "maxLength": 4096}},
                  {"name": "start", "in": "query", "description": "The first scene that is wanted, by its number; it begins with the last checkpoint not after it, or the oldest that is kept. The newest one where nothing is said", "schema": {"type": "integer", "minimum": 0, "maximum": 9007199254740991}},
                  {"name": "seed", "in": "query", "description": "Another number puts hosts at other places", "schema": {"type": "integer", "minimum": 0, "maximum": 9007199254740991, "default": 1}},
                  {"name": "raw", "in": "query", "description": "Counters as exported, not multiplied by the sampling rate", "schema": {"type": "boolean"}}
                ],
                "responses": {
                  "200": {
                    "description": "SKSW, the version, then records",
                    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
                  },
                  "400": {"$ref": "#/components/responses/Refusal"},
                  "503": {"$ref": "#/components/responses/Refusal"},
                  "default": {"$ref": "#/components/responses/Refusal"}
                }
              }
            }
        """
}

extension OpenAPIDocument {
    /// What is said of the scenes of a swarm.
    static let swarmPath = """
        {
              "get": {
                "operationId": "swarm",
                "summary": "The scenes of a swarm, step by step, as octets (docs/swarm.md); sent as they are made",
                "parameters": [
                  {"name": "filter", "in": "query", "description": "Which flows (docs/filter.md)", "schema": {"type": "string", "maxLength": 4096}},
                  {"name": "from", "in": "query", "description": "From this time on: -1h, 2016-06-07T12:00Z, ms since 1970; the first flow where nothing is said", "schema": {"type": "string", "maxLength": 64}},
                  {"name": "to", "in": "query", "description": "Up to this time; the last flow where nothing is said", "schema": {"type": "string", "maxLength": 64}},
                  {"name": "step", "in": "query", "description": "What one step shows: 10s, 5m; 120 steps or fewer where nothing is said, 2,000 at most", "schema": {"type": "string", "maxLength": 64}},
                  {"name": "start", "in": "query", "description": "The first step that is sent, counted since 1970", "schema": {"type": "integer", "minimum": 0, "maximum": 9007199254740991}},
                  {"name": "seed", "in": "query", "description": "Another number puts hosts at other places", "schema": {"type": "integer", "minimum": 0, "maximum": 9007199254740991, "default": 1}},
                  {"name": "raw", "in": "query", "description": "Counters as exported, not multiplied by the sampling rate", "schema": {"type": "boolean"}},
                  {"name": "utc", "in": "query", "description": "Times without an offset are UTC", "schema": {"type": "boolean"}}
                ],
                "responses": {
                  "200": {
                    "description": "SKSW, the version, then records",
                    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
                  },
                  "400": {"$ref": "#/components/responses/Refusal"},
                  "503": {"$ref": "#/components/responses/Refusal"},
                  "504": {"$ref": "#/components/responses/Refusal"},
                  "default": {"$ref": "#/components/responses/Refusal"}
                }
              }
            }
        """
}

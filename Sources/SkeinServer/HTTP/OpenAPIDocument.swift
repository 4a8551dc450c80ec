/// The description of what the server answers, OpenAPI 3.1, written by hand; tests hold the server
/// against it.
public enum OpenAPIDocument {
    /// The document, as JSON.
    public static let text = """
        {
          "openapi": "3.1.0",
          "info": {
            "title": "Skein",
            "version": "1",
            "description": "Flows, alerts, exporters and counters of a running skein serve, for programs and for its page. Where there are users, or other machines reach it, whoever asks needs a token or a session: 401 without, 403 with one of too small a scope."
          },
          "servers": [{"url": "http://127.0.0.1:8055"}],
          "security": [{}, {"token": []}, {"session": []}],
          "paths": {
            "/healthz": {
              "get": {
                "operationId": "health",
                "security": [{}],
                "summary": "Whether flows are taken and kept",
                "responses": {
                  "200": {"description": "All is well", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Health"}}}},
                  "503": {"description": "Something is wrong", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Health"}}}},
                  "default": {"$ref": "#/components/responses/Refusal"}
                }
              }
            },
            "/metrics": {
              "get": {
                "operationId": "metrics",
                "summary": "What was counted, in the text format of Prometheus",
                "responses": {
                  "200": {"description": "Counters and gauges", "content": {"text/plain": {"schema": {"type": "string"}}}},
                  "default": {"$ref": "#/components/responses/Refusal"}
                }
              }
            },
            "/api/v1/counters": {
              "get": {
                "operationId": "counters",
                "summary": "What was counted, as JSON",
                "responses": {
                  "200": {"description": "Counters and gauges", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Counters"}}}},
                  "default": {"$ref": "#/components/responses/Refusal"}
                }
              }
            },
            "/api/v1/exporters": {
              "get": {
                "operationId": "exporters",
                "summary": "Who exports, and how each is doing; the same rows as skein exporters --output json",
                "responses": {
                  "200": {"description": "A row for each observation domain of each sender", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Rows"}}}},
                  "default": {"$ref": "#/components/responses/Refusal"}
                }
              }
            },
            "/api/v1/query": {
              "get": {
                "operationId": "query",
                "summary": "Flows, groups, series or totals; the parameters are the options of skein query",
                "parameters": [
                  {"name": "filter", "in": "query", "description": "Which flows (docs/filter.md); without files, includes and names of hosts. A filter has 16,384 octets at most, the whole path 98,304", "schema": {"type": "string", "maxLength": 4096}},
                  {"name": "from", "in": "query", "description": "Only flows that start at this time or later: -1h, 2016-06-07T12:00Z, ms since 1970", "schema": {"type": "string", "maxLength": 64}},
                  {"name": "to", "in": "query", "description": "Only flows that start before this time", "schema": {"type": "string", "maxLength": 64}},
                  {"name": "overlap", "in": "query", "description": "Take all flows that touch the time", "schema": {"type": "boolean"}},
                  {"name": "fields", "in": "query", "description": "Fields of a list of flows (docs/fields.md)", "schema": {"type": "string", "maxLength": 1024}},
                  {"name": "sort", "in": "query", "description": "Order a list by a field; with - before it the largest first", "schema": {"type": "string", "maxLength": 64}},
                  {"name": "limit", "in": "query", "description": "Flows listed at most, 0: all", "schema": {"type": "integer", "minimum": 0, "default": 1000}},
                  {"name": "total", "in": "query", "description": "One row: sums, first start and last end", "schema": {"type": "boolean"}},
                  {"name": "by", "in": "query", "description": "Group by fields: srcip/24,dstport; said several times: that many answers, the flows read once, as JSON only", "schema": {"type": "array", "items": {"type": "string", "maxLength": 512}, "maxItems": 8}},
                  {"name": "order", "in": "query", "description": "Order groups by this, the largest first", "schema": {"type": "string", "enum": ["flows", "packets", "bytes", "pps", "bps", "bpp", "distinct"], "default": "bytes"}},
                  {"name": "top", "in": "query", "description": "Groups at most, 0: all", "schema": {"type": "integer", "minimum": 0, "default": 10}},
                  {"name": "series", "in": "query", "description": "Buckets of this length: 5m, 1h", "schema": {"type": "string", "maxLength": 64}},
                  {"name": "spread", "in": "query", "description": "Divide each flow over the buckets that it spans", "schema": {"type": "boolean"}},
                  {"name": "bidirectional", "in": "query", "description": "Join both directions of a conversation to one row of a list", "schema": {"type": "boolean"}},
                  {"name": "distinct", "in": "query", "description": "Count different values of a field", "schema": {"type": "string", "maxLength": 64}},
                  {"name": "stats", "in": "query", "description": "Percentiles, least, most and mean of values", "schema": {"type": "string", "maxLength": 512}},
                  {"name": "raw", "in": "query", "description": "Counters as exported, not multiplied by the sampling rate", "schema": {"type": "boolean"}},
                  {"name": "utc", "in": "query", "description": "Times without an offset are UTC", "schema": {"type": "boolean"}},
                  {"name": "output", "in": "query", "description": "The form of the answer", "schema": {"type": "string", "enum": ["json", "ndjson", "csv"], "default": "json"}}
                ],
                "responses": {
                  "200": {
                    "description": "The answer. It streams: where it breaks off, the connection ends before the last chunk",
                    "content": {
                      "application/json": {"schema": {"oneOf": [{"$ref": "#/components/schemas/Rows"}, {"$ref": "#/components/schemas/Answers"}]}},
                      "application/x-ndjson": {"schema": {"type": "string"}},
                      "text/csv": {"schema": {"type": "string"}}
                    }
                  },
                  "400": {"$ref": "#/components/responses/Refusal"},
                  "503": {"$ref": "#/components/responses/Refusal"},
                  "504": {"$ref": "#/components/responses/Refusal"},
                  "default": {"$ref": "#/components/responses/Refusal"}
                }
              }
            },
            "/api/v1/alerts": {
              "get": {
                "operationId": "alerts",
                "summary": "What rules have found, the last first; the parameters are the options of skein alerts",
                "parameters": [
                  {"name": "filter", "in": "query", "description": "Which alerts, each as a flow from its first source to its first destination with all that was added up (docs/alerts.md)", "schema": {"type": "string", "maxLength": 4096}},
                  {"name": "from", "in": "query", "description": "Only what goes on at this time or later: -1h, 2016-06-07T12:00Z, ms since 1970", "schema": {"type": "string", "maxLength": 64}},
                  {"name": "to", "in": "query", "description": "Only what began before this time", "schema": {"type": "string", "maxLength": 64}},
                  {"name": "state", "in": "query", "description": "Where it stands", "schema": {"type": "string", "enum": ["open", "acknowledged", "resolved"]}},
                  {"name": "severity", "in": "query", "description": "Only what is so bad or worse", "schema": {"type": "string", "enum": ["low", "medium", "high", "critical"]}},
                  {"name": "rule", "in": "query", "description": "Only of this rule", "schema": {"type": "string", "maxLength": 256}},
                  {"name": "limit", "in": "query", "description": "Alerts at most", "schema": {"type": "integer", "minimum": 1, "maximum": 10000, "default": 100}},
                  {"name": "utc", "in": "query", "description": "Times without an offset are UTC", "schema": {"type": "boolean"}},
                  {"name": "output", "in": "query", "description": "The form of the answer", "schema": {"type": "string", "enum": ["json", "ndjson", "csv"], "default": "json"}}
                ],
                "responses": {
                  "200": {
                    "description": "A row for each alert",
                    "content": {
                      "application/json": {"schema": {"$ref": "#/components/schemas/Rows"}},
                      "application/x-ndjson": {"schema": {"type": "string"}},
                      "text/csv": {"schema": {"type": "string"}}
                    }
                  },
                  "400": {"$ref": "#/components/responses/Refusal"},
                  "503": {"$ref": "#/components/responses/Refusal"},
                  "504": {"$ref": "#/components/responses/Refusal"},
                  "default": {"$ref": "#/components/responses/Refusal"}
                }
              }
            },
            "/api/v1/intel/export/{format}": \(exportPath),
            "/api/v1/swarm": \(swarmPath),
            "/api/v1/swarm/live": \(livePath),
            "/api/v1/about": {
              "get": {
                "operationId": "about",
                "summary": "The program, its store, the vocabulary and the sets that filters may name",
                "responses": {
                  "200": {"description": "What there is to ask", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/About"}}}},
                  "default": {"$ref": "#/components/responses/Refusal"}
                }
              }
            },
            "/api/v1/filter": {
              "get": {
                "operationId": "filter",
                "summary": "Whether a filter can be read, and where not",
                "parameters": [
                  {"name": "filter", "in": "query", "description": "The filter (docs/filter.md)", "schema": {"type": "string", "maxLength": 4096}}
                ],
                "responses": {
                  "200": {"description": "Well, or what is wrong and where: characters from 0, in the line", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/FilterCheck"}}}},
                  "400": {"$ref": "#/components/responses/Refusal"},
                  "default": {"$ref": "#/components/responses/Refusal"}
                }
              }
            },
            "/api/v1/map": {
              "get": {
                "operationId": "map",
                "summary": "Which countries flows go to and come from; the parameters are the options of skein map",
                "parameters": [
                  {"name": "filter", "in": "query", "description": "Which flows (docs/filter.md)", "schema": {"type": "string", "maxLength": 4096}},
                  {"name": "from", "in": "query", "description": "Only flows that start at this time or later: -1h, 2016-06-07T12:00Z, ms since 1970", "schema": {"type": "string", "maxLength": 64}},
                  {"name": "to", "in": "query", "description": "Only flows that start before this time", "schema": {"type": "string", "maxLength": 64}},
                  {"name": "side", "in": "query", "description": "Which country of a flow counts", "schema": {"type": "string", "enum": ["any", "src", "dst"], "default": "any"}},
                  {"name": "order", "in": "query", "description": "Order countries by this, the largest first", "schema": {"type": "string", "enum": ["flows", "packets", "bytes"], "default": "bytes"}},
                  {"name": "top", "in": "query", "description": "Countries at most, 0: all", "schema": {"type": "integer", "minimum": 0, "default": 20}},
                  {"name": "raw", "in": "query", "description": "Counters as exported, not multiplied by the sampling rate", "schema": {"type": "boolean"}},
                  {"name": "utc", "in": "query", "description": "Times without an offset are UTC", "schema": {"type": "boolean"}},
                  {"name": "output", "in": "query", "description": "The form of the answer", "schema": {"type": "string", "enum": ["json", "ndjson", "csv"], "default": "json"}}
                ],
                "responses": {
                  "200": {
                    "description": "A row for each country; ZZ is private space",
                    "content": {
                      "application/json": {"schema": {"$ref": "#/components/schemas/Rows"}},
                      "application/x-ndjson": {"schema": {"type": "string"}},
                      "text/csv": {"schema": {"type": "string"}}
                    }
                  },
                  "400": {"$ref": "#/components/responses/Refusal"},
                  "503": {"$ref": "#/components/responses/Refusal"},
                  "504": {"$ref": "#/components/responses/Refusal"},
                  "default": {"$ref": "#/components/responses/Refusal"}
                }
              }
            },
            "/api/v1/alerts/acknowledge": {
              "post": {
                "operationId": "acknowledge",
                "summary": "Note that somebody knows of an alert, as skein alerts ack; no link or form of a page may; wants the scope admin, and with a session the header X-Skein-Request",
                "parameters": [
                  {"name": "id", "in": "query", "required": true, "description": "Its number", "schema": {"type": "integer", "minimum": 1, "maximum": 9007199254740991}},
                  {"name": "note", "in": "query", "description": "What is known", "schema": {"type": "string", "maxLength": 1024}}
                ],
                "responses": {
                  "200": {"description": "The alert as it is now", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Rows"}}}},
                  "400": {"$ref": "#/components/responses/Refusal"},
                  "default": {"$ref": "#/components/responses/Refusal"}
                }
              }
            },
            "/api/v1/intel/feeds": {
              "get": {
                "operationId": "feeds",
                "summary": "The sources of indicators: how many entries, how old",
                "responses": {
                  "200": {"description": "A row for each source", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Rows"}}}},
                  "default": {"$ref": "#/components/responses/Refusal"}
                }
              }
            },
            "/api/v1/intel/lookup": {
              "get": {
                "operationId": "lookup",
                "summary": "Who lists a value; the rows of skein intel lookup",
                "parameters": [
                  {"name": "value", "in": "query", "required": true, "description": "An address, a name, a URL, a digest", "schema": {"type": "string", "minLength": 1, "maxLength": 2048}}
                ],
                "responses": {
                  "200": {"description": "A row for each listing; notes in the footing", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Rows"}}}},
                  "400": {"$ref": "#/components/responses/Refusal"},
                  "default": {"$ref": "#/components/responses/Refusal"}
                }
              }
            },
            "/api/v1/session": \(sessionPath),
            "/api/v1/events": {
              "get": {
                "operationId": "events",
                "summary": "How things stand, every two seconds, as server-sent events of the type pulse",
                "responses": {
                  "200": {"description": "Events until the connection ends", "content": {"text/event-stream": {"schema": {"type": "string"}}}},
                  "503": {"$ref": "#/components/responses/Refusal"},
                  "default": {"$ref": "#/components/responses/Refusal"}
                }
              }
            },
            "/api/v1/openapi.json": {
              "get": {
                "operationId": "document",
                "summary": "This document",
                "responses": {
                  "200": {"description": "OpenAPI 3.1", "content": {"application/json": {"schema": {"type": "object"}}}},
                  "default": {"$ref": "#/components/responses/Refusal"}
                }
              }
            }
          },
          "components": {
            "securitySchemes": \(securitySchemes),
            "responses": {
              "Refusal": {"description": "What is wrong, and what to do", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}}
            },
            "schemas": {
              "Refusal": {
                "type": "object", "required": ["error"], "additionalProperties": false,
                "properties": {"error": {"type": "string"}}
              },
              "Session": \(sessionSchema),
              "About": {
                "type": "object", "required": ["version", "store", "configuration", "fields", "sets", "home", "overrides"], "additionalProperties": false,
                "properties": {
                  "version": {"type": "string"},
                  "store": {"type": "string", "description": "Its folder"},
                  "configuration": {"type": ["string", "null"], "description": "The file of the configuration, where there is one"},
                  "fields": {
                    "type": "array",
                    "items": {
                      "type": "object", "required": ["name", "type", "about"], "additionalProperties": false,
                      "properties": {"name": {"type": "string"}, "type": {"type": "string"}, "about": {"type": "string"}}
                    }
                  },
                  "sets": {"type": "array", "items": {"type": "string"}},
                  "home": {"type": "array", "description": "Countries of the own networks (geo.home)", "items": {"type": "string"}},
                  "overrides": {
                    "type": "array", "description": "Networks that lie elsewhere than the databases say, now (geo.home, geo.overrides)",
                    "items": {
                      "type": "object", "required": ["network", "country", "label"], "additionalProperties": false,
                      "properties": {"network": {"type": "string"}, "country": {"type": ["string", "null"]}, "label": {"type": "string"}}
                    }
                  }
                }
              },
              "FilterCheck": {
                "type": "object", "required": ["well", "notes"], "additionalProperties": false,
                "properties": {
                  "well": {"type": "boolean"},
                  "notes": {"type": "array", "items": {"type": "string"}},
                  "message": {"type": "string"},
                  "line": {"type": "integer"},
                  "from": {"type": "integer"},
                  "to": {"type": "integer"},
                  "suggestion": {"type": ["string", "null"]}
                }
              },
              "Health": {
                "type": "object", "required": ["well", "troubles"], "additionalProperties": false,
                "properties": {
                  "well": {"type": "boolean"},
                  "troubles": {"type": "array", "items": {"type": "string"}}
                }
              },
              "Rows": {
                "type": "object", "required": ["rows", "footing"], "additionalProperties": false,
                "properties": {
                  "rows": {"type": "array", "items": {"type": "object"}},
                  "footing": {"type": "object"}
                }
              },
              "Answers": {
                "type": "object", "required": ["answers"], "additionalProperties": false, "description": "One for each by",
                "properties": {"answers": {"type": "array", "items": {"$ref": "#/components/schemas/Rows"}, "minItems": 2}}
              },
              "Histogram": {
                "type": "object", "required": ["buckets", "sum", "count"], "additionalProperties": false,
                "properties": {
                  "buckets": {
                    "type": "array",
                    "items": {
                      "type": "object", "required": ["le", "count"], "additionalProperties": false,
                      "properties": {
                        "le": {"type": "number", "description": "Seconds; what took longer is in count only"},
                        "count": {"type": "integer", "minimum": 0}
                      }
                    }
                  },
                  "sum": {"type": "number", "description": "Seconds"},
                  "count": {"type": "integer", "minimum": 0}
                }
              },
              "Counters": {
                "type": "object", "required": ["metrics"], "additionalProperties": false,
                "properties": {
                  "metrics": {
                    "type": "array",
                    "items": {
                      "type": "object", "required": ["name", "kind", "help", "samples"], "additionalProperties": false,
                      "properties": {
                        "name": {"type": "string", "pattern": "^skein_[a-z_]+$"},
                        "kind": {"enum": ["counter", "gauge", "histogram"]},
                        "help": {"type": "string"},
                        "samples": {
                          "type": "array",
                          "items": {
                            "type": "object", "required": ["labels", "value"], "additionalProperties": false,
                            "properties": {
                              "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                              "value": {"type": "integer", "minimum": 0}
                            }
                          }
                        },
                        "histogram": {"$ref": "#/components/schemas/Histogram"}
                      }
                    }
                  }
                }
              }
            }
          }
        }

        """
}

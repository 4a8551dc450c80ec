extension OpenAPIDocument {
    /// `/api/v1/session`.
    static let sessionPath = """
        {
              "get": {
                "operationId": "session",
                "summary": "Who asks, and whether whoever asks has to be somebody",
                "security": [{}, {"token": []}, {"session": []}],
                "responses": {
                  "200": {"description": "Name and scope, null where nobody is known", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Session"}}}},
                  "default": {"$ref": "#/components/responses/Refusal"}
                }
              },
              "post": {
                "operationId": "login",
                "summary": "Log in: the answer sets the cookie of a session",
                "security": [{}],
                "parameters": [\(ownRequest)],
                "requestBody": {
                  "required": true,
                  "content": {
                    "application/x-www-form-urlencoded": {
                      "schema": {
                        "type": "object", "required": ["user", "password"], "additionalProperties": false,
                        "properties": {
                          "user": {"type": "string", "maxLength": 64},
                          "password": {"type": "string", "maxLength": 1024}
                        }
                      }
                    }
                  }
                },
                "responses": {
                  "200": {"description": "Who is logged in now", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Session"}}}},
                  "401": {"$ref": "#/components/responses/Refusal"},
                  "409": {"$ref": "#/components/responses/Refusal"},
                  "429": {"$ref": "#/components/responses/Refusal"},
                  "default": {"$ref": "#/components/responses/Refusal"}
                }
              },
              "delete": {
                "operationId": "logout",
                "summary": "Log out",
                "security": [{}, {"session": []}],
                "parameters": [\(ownRequest)],
                "responses": {
                  "200": {"description": "Nobody is logged in", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Session"}}}},
                  "default": {"$ref": "#/components/responses/Refusal"}
                }
              }
            }
        """

    /// What only scripts of the own page send, and programs.
    private static let ownRequest = """
        {"name": "X-Skein-Request", "in": "header", "required": true, "description": "Anything: no form and no link of another site can send it", "schema": {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[!-~]+$"}}
        """

    /// How whoever asks proves who they are.
    static let securitySchemes = """
        {
              "token": {"type": "http", "scheme": "bearer", "description": "A token of skein token create"},
              "session": {"type": "apiKey", "in": "cookie", "name": "skein-8055", "description": "What logging in sets; over TLS its name begins with __Host-, the number is the port. What changes something wants the header X-Skein-Request beside it"}
            }
        """

    /// Who asks.
    static let sessionSchema = """
        {
                "type": "object", "required": ["required", "name", "scope"], "additionalProperties": false,
                "properties": {
                  "required": {"type": "boolean", "description": "Whether nobody may ask without a name"},
                  "name": {"type": ["string", "null"]},
                  "scope": {"type": ["string", "null"], "enum": ["read", "admin", null]}
                }
              }
        """
}

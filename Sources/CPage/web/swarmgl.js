// @ts-check
// Draws looks: light is added up in half floats and developed, 1 − e⁻ˣ. Where the browser cannot, a plain canvas does.

/** @typedef {import("./swarmlook.js").Look} Look */
/** @typedef {{draw: (look: Look, width: number, height: number) => void, isFull: boolean, finish: () => void, end: () => void}} Drawer */

const ground = [10 / 255, 14 / 255, 22 / 255];

const head = "#version 300 es\nprecision highp float;\n";
const pointVertex = `${head}
uniform vec2 size;
layout(location = 0) in vec3 point;
layout(location = 1) in vec3 light;
out vec2 at;
flat out vec4 kernel;
flat out vec3 shine;
void main() {
    vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
    vec2 upper = point.xy - point.z / 2.0;
    vec2 pixel = floor(upper);
    kernel = vec4(floor((upper - pixel) * 4.0) / 4.0, point.z / 2.0, point.z / 2.0 - 0.5);
    at = corner * point.z;
    shine = light;
    vec2 place = (pixel + at) / size * 2.0 - 1.0;
    gl_Position = vec4(place.x, -place.y, 0.0, 1.0);
}`;
const pointFragment = `${head}
in vec2 at;
flat in vec4 kernel;
flat in vec3 shine;
out vec4 color;
void main() {
    vec2 d = (at - kernel.z - kernel.xy) / kernel.w;
    float k = max(1.0 - dot(d, d), 0.0);
    color = vec4(shine * k * k, 0.0);
}`;
const ringVertex = `${head}
uniform vec2 size;
layout(location = 0) in vec4 ring;
layout(location = 1) in vec3 light;
out vec2 away;
flat out vec2 radii;
flat out vec3 shine;
void main() {
    vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0 - 1.0;
    away = corner * (ring.w + 1.5);
    radii = ring.zw;
    shine = light;
    vec2 place = (ring.xy + away) / size * 2.0 - 1.0;
    gl_Position = vec4(place.x, -place.y, 0.0, 1.0);
}`;
const ringFragment = `${head}
in vec2 away;
flat in vec2 radii;
flat in vec3 shine;
out vec4 color;
void main() {
    float d = length(away);
    color = vec4(shine * clamp(min(radii.y + 0.5 - d, d - radii.x + 0.5), 0.0, 1.0), 0.0);
}`;
const developVertex = `${head}
void main() { gl_Position = vec4(vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0, 0.0, 1.0); }`;
const developFragment = `${head}
uniform sampler2D light;
uniform vec3 ground;
out vec4 color;
void main() {
    vec3 x = texelFetch(light, ivec2(gl_FragCoord.xy), 0).rgb;
    color = vec4(ground + (1.0 - ground) * (1.0 - exp(-x)), 1.0);
}`;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {boolean} [isPlain]  as if the browser could not do more
 * @returns {Drawer}
 */
export function drawer(canvas, isPlain = false) {
    const gl = isPlain ? null : canvas.getContext("webgl2", {antialias: false, alpha: false});
    const isAble = gl && (gl.getExtension("EXT_color_buffer_float") || gl.getExtension("EXT_color_buffer_half_float"));
    if (gl && isAble) {
        try {
            return full(gl, canvas);
        } catch {
            // Its shaders did not compile: a canvas that had one context gets no other.
            const other = /** @type {HTMLCanvasElement} */ (canvas.cloneNode());
            canvas.replaceWith(other);
            return plain(other);
        }
    }
    return plain(canvas);
}

/**
 * @param {WebGL2RenderingContext} gl
 * @param {HTMLCanvasElement} canvas
 * @returns {Drawer}
 */
function full(gl, canvas) {
    const pointProgram = program(gl, pointVertex, pointFragment);
    const ringProgram = program(gl, ringVertex, ringFragment);
    const developProgram = program(gl, developVertex, developFragment);
    const points = buffer(gl, [3, 3]), rings = buffer(gl, [4, 3]);
    const texture = gl.createTexture(), target = gl.createFramebuffer();
    let [wide, high] = [0, 0];

    /**
     * @param {number} width
     * @param {number} height
     */
    function fit(width, height) {
        if (wide === width && high === height) return;
        [wide, high] = [width, height];
        [canvas.width, canvas.height] = [width, height];
        gl.bindTexture(gl.TEXTURE_2D, texture);
        gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA16F, width, height, 0, gl.RGBA, gl.HALF_FLOAT, null);
        gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
        gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
        gl.bindFramebuffer(gl.FRAMEBUFFER, target);
        gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
    }

    /**
     * @param {Look} look
     * @param {number} width
     * @param {number} height
     */
    function draw(look, width, height) {
        fit(width, height);
        gl.viewport(0, 0, width, height);
        gl.bindFramebuffer(gl.FRAMEBUFFER, target);
        gl.clearColor(0, 0, 0, 0);
        gl.clear(gl.COLOR_BUFFER_BIT);
        gl.enable(gl.BLEND);
        gl.blendFunc(gl.ONE, gl.ONE);
        gl.useProgram(pointProgram);
        gl.uniform2f(gl.getUniformLocation(pointProgram, "size"), width, height);
        points(look.light.subarray(0, look.points * 6), look.points);
        gl.useProgram(ringProgram);
        gl.uniform2f(gl.getUniformLocation(ringProgram, "size"), width, height);
        rings(new Float32Array(look.rings), look.rings.length / 7);
        gl.disable(gl.BLEND);
        gl.bindFramebuffer(gl.FRAMEBUFFER, null);
        gl.useProgram(developProgram);
        gl.uniform3f(gl.getUniformLocation(developProgram, "ground"), ground[0] ?? 0, ground[1] ?? 0, ground[2] ?? 0);
        gl.bindTexture(gl.TEXTURE_2D, texture);
        gl.bindVertexArray(null);
        gl.drawArrays(gl.TRIANGLES, 0, 3);
    }

    // Only what is read has to be there.
    const finish = () => gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
    return {draw, isFull: true, finish, end: () => gl.getExtension("WEBGL_lose_context")?.loseContext()};
}

/**
 * @param {WebGL2RenderingContext} gl
 * @param {string} vertex
 * @param {string} fragment
 */
function program(gl, vertex, fragment) {
    const made = /** @type {WebGLProgram} */ (gl.createProgram());
    for (const [kind, text] of /** @type {[number, string][]} */ ([[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]])) {
        const shader = /** @type {WebGLShader} */ (gl.createShader(kind));
        gl.shaderSource(shader, text);
        gl.compileShader(shader);
        gl.attachShader(made, shader);
    }
    gl.linkProgram(made);
    if (!gl.getProgramParameter(made, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(made) ?? "the shaders do not link");
    return made;
}

/**
 * Instances of a square, of so many numbers each.
 * @param {WebGL2RenderingContext} gl
 * @param {number[]} sizes
 */
function buffer(gl, sizes) {
    const array = gl.createVertexArray(), store = gl.createBuffer();
    gl.bindVertexArray(array);
    gl.bindBuffer(gl.ARRAY_BUFFER, store);
    const stride = sizes.reduce((sum, size) => sum + size, 0) * 4;
    let start = 0;
    sizes.forEach((size, place) => {
        gl.enableVertexAttribArray(place);
        gl.vertexAttribPointer(place, size, gl.FLOAT, false, stride, start);
        gl.vertexAttribDivisor(place, 1);
        start += size * 4;
    });
    gl.bindVertexArray(null);
    return (/** @type {Float32Array} */ numbers, /** @type {number} */ count) => {
        gl.bindVertexArray(array);
        gl.bindBuffer(gl.ARRAY_BUFFER, store);
        gl.bufferData(gl.ARRAY_BUFFER, numbers, gl.DYNAMIC_DRAW);
        gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, count);
    };
}

/**
 * Discs of a plain canvas: the same places and colours, without the softness.
 * @param {HTMLCanvasElement} canvas
 * @returns {Drawer}
 */
function plain(canvas) {
    const context = canvas.getContext("2d");
    /**
     * @param {Look} look
     * @param {number} width
     * @param {number} height
     */
    function draw(look, width, height) {
        if (!context) return;
        if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
        context.globalCompositeOperation = "source-over";
        context.fillStyle = "rgb(10 14 22)";
        context.fillRect(0, 0, width, height);
        context.globalCompositeOperation = "lighter";
        const shade = (/** @type {number} */ light) => Math.round(255 * (1 - Math.exp(-light)));
        for (let at = 0; at < look.points * 6; at += 6) {
            const [x = 0, y = 0, side = 0, red = 0, green = 0, blue = 0] = look.light.subarray(at, at + 6);
            // The light of a kernel is a third of its square's.
            const part = side <= 3 ? 0.6 : 0.8, half = side / 3.4;
            context.fillStyle = `rgb(${shade(red * part)} ${shade(green * part)} ${shade(blue * part)})`;
            context.fillRect(x - half, y - half, half * 2, half * 2);
        }
        for (let at = 0; at < look.rings.length; at += 7) {
            const [x = 0, y = 0, inner = 0, outer = 0, red = 0, green = 0, blue = 0] = look.rings.slice(at, at + 7);
            const color = `rgb(${shade(red)} ${shade(green)} ${shade(blue)})`;
            context.beginPath();
            context.arc(x, y, inner < 0 ? outer : (inner + outer) / 2, 0, 2 * Math.PI);
            if (inner < 0) {
                context.fillStyle = color;
                context.fill();
            } else {
                context.lineWidth = outer - inner;
                context.strokeStyle = color;
                context.stroke();
            }
        }
    }
    return {draw, isFull: false, finish: () => {}, end: () => {}};
}

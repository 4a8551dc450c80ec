// @ts-check
// The keys, and where more is to be read.
import {h} from "./dom.js";
import {dialogue} from "./overlay.js";

const keys = [
    ["/", "into the filter"], ["1 … 7", "Overview, Map, Flows, Alerts, Exporters, Intel, Swarm"], ["[  ]", "earlier, later"],
    ["z", "twice the time"], ["l", "follow what arrives, or stop"], ["c", "compare with the period before"],
    ["t", "light or dark"], ["?", "this"], ["Esc", "close, leave"],
    ["space  ,  .", "in the swarm: play or pause, a step back, a step on; ten with Shift"],
    ["← →", "in a chart: the values of a moment; Enter looks at it closely"],
];

export function help() {
    dialogue("Keys",
        h("dl", {class: "keys"}, keys.map(([key, text]) => [h("dt", {}, h("kbd", {}, key ?? "")), h("dd", {}, text ?? "")])),
        h("p", {class: "muted"}, "Drag in a chart to look closely. Click a value to go by it. The dots of a panel say its command."));
}

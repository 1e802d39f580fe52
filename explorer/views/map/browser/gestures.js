// The viewer's gestures with pointer, wheel and keys on a pane of the latent map.

const DRAG_PX = 4; // less is a click
const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const MODES = { m: "move", b: "box", l: "lasso" };
const ACTS = { "+": "in", "=": "in", "-": "out", 0: "fit", Escape: "clear" };

class Gestures {
  constructor(map, pane) {
    [this.map, this.pane, this.drag] = [map, pane, null];
    const { canvas } = pane;
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      map.zoom(pane, Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), ...at(event));
    }, { passive: false });
    canvas.onpointerdown = (event) => {
      if (event.button) return;
      canvas.setPointerCapture(event.pointerId);
      [map.trace, this.drag] = [null, { from: at(event), last: at(event), moved: false }];
    };
    canvas.onpointermove = (event) => {
      if (this.drag) this.dragTo(at(event), event);
      else map.pointAt(pane, ...at(event));
    };
    canvas.onpointerup = (event) => {
      const { drag } = this;
      this.drag = null;
      if (drag && !drag.moved) map.pick(pane, ...at(event));
      else if (map.trace) this.endTrace(event);
    };
    canvas.onpointercancel = () => {
      [this.drag, map.trace] = [null, null];
      map.redraw();
    };
    canvas.onpointerleave = () => {
      if (!this.drag) map.pointAt(null);
    };
    canvas.ondblclick = (event) => event.preventDefault();
    canvas.onkeydown = (event) => this.key(event);
    canvas.onblur = () => map.pointAt(null);
  }

  dragTo([x, y], event) {
    const { map, pane, drag } = this;
    if (!drag.moved && Math.hypot(x - drag.from[0], y - drag.from[1]) < DRAG_PX) return;
    drag.moved = true;
    const [dx, dy] = [x - drag.last[0], y - drag.last[1]];
    drag.last = [x, y];
    map.pointAt(null);
    if (map.mode === "lasso") {
      map.trace ??= { pane, points: [drag.from] };
      map.trace.points.push([x, y]);
      map.redraw();
    } else if (map.mode === "box") {
      const [x0, y0] = drag.from;
      map.trace = { pane, points: [[x0, y0], [x, y0], [x, y], [x0, y]] };
      map.redraw();
    } else if (pane.dims === 3 && !event.shiftKey) map.turn(dx / 150, dy / 150);
    else map.shift(dx, dy);
  }

  // The outline goes to the explorer, which answers with the points inside: see map.takeLayer.
  endTrace(event) {
    const { map, pane } = this;
    const { points } = map.trace;
    const corners = (map.mode === "box" ? [points[0], points[2]] : points).map((point) => pane.planeAt(...point));
    const { yaw, pitch } = map.camera;
    map.tell("outline", {
      how: event.altKey ? "out" : event.shiftKey ? "in" : "anew",
      network: pane.index,
      hidden: [...map.hidden],
      turn: pane.dims === 3 ? [yaw, pitch] : [],
      corners,
      pixel: 1 / pane.scale,
    });
  }

  key(event) {
    const { map, pane } = this;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in ARROWS) {
      const from = map.hover >= 0 ? map.hover : map.picked;
      const start = pane.closest(pane.width / 2, pane.height / 2, Infinity, map.visible);
      const next = from >= 0 ? pane.step(from, ...ARROWS[event.key], map.visible) : start;
      if (next >= 0) map.pointTo(pane, next);
    } else if (event.key === "Enter" && map.hover >= 0) map.look(map.hover);
    else if (event.key in ACTS) map.act(ACTS[event.key], pane);
    else if (event.key in MODES) map.setMode(MODES[event.key]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

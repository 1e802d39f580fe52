// The latent map: one or two panes of points that share their view, pointer and selection.
// Wheel, + and − zoom; dragging moves (or turns, in 3-D), boxes or lassoes; a click looks at a
// code, or at an empty place; arrow keys go from point to point. Zoom and place outlive updates.

export default function ({ data, parentElement, setTriggerValue }) {
  const map = (parentElement.padMap ??= new LatentMap(parentElement));
  map.tell = setTriggerValue;
  map.show(unpack(data));
  const call = {};
  map.call = call;
  return () => {
    if (map.call === call) map.close(parentElement);
  };
}

const DRAG_PX = 4; // less is a click
const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

class LatentMap {
  constructor(parent) {
    this.root = parent.querySelector(".map");
    this.panes = [];
    this.dots = new Map();
    this.hidden = new Set();
    this.atlases = new Map();
    [this.selection, this.selections] = [null, 0];
    Object.assign(this, { hover: -1, dream: -1, picked: -1, spot: null, mode: "move" });
    this.board = window.padMapBoard ??= { layers: new Map(), changes: new EventTarget() };
    this.onLayer = ({ detail }) => this.takeLayer(detail);
    this.board.changes.addEventListener("layer", this.onLayer);
    this.watch = new ResizeObserver(() => this.redraw());
    this.root.querySelectorAll("[data-mode]").forEach((button) => {
      button.onclick = () => this.setMode(button.dataset.mode);
    });
    this.root.querySelectorAll("[data-do]").forEach((button) => {
      button.onclick = () => this.act(button.dataset.do);
    });
    this.setMode("move");
  }

  close(parent) {
    this.board.changes.removeEventListener("layer", this.onLayer);
    this.watch.disconnect();
    delete parent.padMap;
  }

  // --- what there is to show ---

  show(packet) {
    if (packet.version !== this.version) {
      const { version, labels, indices, tests, classes, dims } = packet;
      Object.assign(this, { version, labels, indices, tests, classes, dims, what: packet.what });
      this.setPanes(packet);
      if (packet.fit !== this.fit) {
        this.fit = packet.fit;
        this.fitView();
      }
      // Another set of points has other places for what was selected and looked at.
      if (packet.what !== this.selectedOf) this.select(null, packet.what);
      if (!(this.hover < labels.length)) this.hover = -1;
    }
    this.readTheme();
    this.setLegend();
    for (const name of this.board.layers.keys()) this.takeLayer(name);
    this.redraw();
  }

  setPanes(packet) {
    const holder = this.root.querySelector(".panes");
    while (this.panes.length > packet.panes.length) {
      const pane = this.panes.pop();
      this.watch.unobserve(pane.canvas);
      pane.element.remove();
    }
    packet.panes.forEach((description, i) => {
      if (!this.panes[i]) {
        this.panes[i] = new Pane(holder, i);
        this.listen(this.panes[i]);
        this.watch.observe(this.panes[i].canvas);
      }
      this.panes[i].set(packet[`points${i}`], packet.dims, description);
    });
  }

  layer(name) {
    const layer = this.board.layers.get(name);
    return layer && !layer.empty ? layer : null;
  }

  takeLayer(name) {
    const layer = this.layer(name);
    if (name.startsWith("atlas") || name === "dreams") this.loadPictures(name, layer);
    if (name === "marks" && layer && layer.version !== this.marked) {
      this.marked = layer.version;
      // What comes late, after a further click, is of no interest any more.
      if (this.asked !== undefined && layer.picked !== this.asked) return;
      this.asked = undefined;
      this.picked = layer.picked;
      this.spot = layer.spot ?? null;
    }
    this.root.querySelectorAll(".key > span").forEach((entry) => {
      const of = this.layer(entry.dataset.of);
      entry.style.display = of ? "" : "none";
      if (of?.what) entry.querySelector(".occluded").textContent = of.what;
    });
    this.redraw();
  }

  async loadPictures(name, layer) {
    if (this.atlases.get(name)?.version === layer?.version) return;
    if (!layer?.png?.length) return void this.atlases.set(name, layer ?? undefined);
    this.atlases.set(name, { version: layer.version });
    const bitmap = await createImageBitmap(new Blob([layer.png], { type: "image/png" }));
    this.atlases.set(name, { ...layer, bitmap });
    this.redraw();
  }

  // Where in which bitmap a picture lies: what drawImage takes before the place to draw at.
  picture(atlas, i) {
    const { bitmap, columns, tile } = atlas?.same >= 0 ? (this.atlases.get(`atlas${atlas.same}`) ?? {}) : (atlas ?? {});
    return bitmap && [bitmap, (i % columns) * tile, Math.floor(i / columns) * tile, tile, tile];
  }

  readTheme() {
    const style = getComputedStyle(this.root);
    const read = (name) => style.getPropertyValue(`--st-${name}`).trim();
    const [text, background, accent] = ["text-color", "background-color", "primary-color"].map(read);
    const mix = (share) => `color-mix(in srgb, ${text} ${share}%, transparent)`;
    this.theme = {
      text, background, accent, font: style.fontFamily,
      quiet: mix(66), axis: mix(40), grid: mix(8), wash: `color-mix(in srgb, ${accent} 14%, transparent)`,
    };
    const dark = brightness(background) < 0.5;
    this.classes.forEach((style) => (style.shown = dark ? style.dark : style.colour));
  }

  setLegend() {
    const legend = this.root.querySelector(".legend");
    legend.replaceChildren(
      ...this.classes.map((style, label) => {
        const button = document.createElement("button");
        button.type = "button";
        button.title = `Hide or show ${style.name}; with Alt, show it alone`;
        const picture = document.createElement("canvas");
        picture.width = picture.height = 24;
        const { canvas } = dot(this, style.shown, SHAPES[Math.floor(label / 10) % 4], 5);
        picture.getContext("2d").drawImage(canvas, 0, 0, 24, 24);
        button.append(picture, style.name, document.createElement("small"));
        button.onclick = (event) => this.toggle(label, event.altKey);
        return button;
      }),
    );
    this.setCounts();
  }

  setCounts() {
    const [all, chosen] = [this.classes.map(() => 0), this.classes.map(() => 0)];
    for (let i = 0; i < this.labels.length; i++) {
      all[this.labels[i]]++;
      if (this.selection?.[i]) chosen[this.labels[i]]++;
    }
    const format = (n) => n.toLocaleString("en");
    this.root.querySelectorAll(".legend button").forEach((button, label) => {
      button.setAttribute("aria-pressed", String(!this.hidden.has(label)));
      button.lastChild.textContent = this.selection ? `${format(chosen[label])} of ${format(all[label])}` : format(all[label]);
    });
    const n = this.labels.length;
    const seen = all.reduce((sum, count, label) => sum + (this.hidden.has(label) ? 0 : count), 0);
    const selected = this.selection ? `${format(chosen.reduce((a, b) => a + b, 0))} selected · ` : "";
    const shown = seen === n ? `all ${format(n)}` : `${format(seen)} of ${format(n)}`;
    this.root.querySelector(".count").textContent = `${selected}${shown} ${this.what} shown`;
    this.root.classList.toggle("selecting", Boolean(this.selection));
  }

  visible = (i) => !this.hidden.has(this.labels[i]);

  // --- what the viewer does ---

  setMode(mode) {
    this.mode = mode;
    this.root.querySelectorAll("[data-mode]").forEach((button) => {
      button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
    });
    this.panes.forEach(({ canvas }) => (canvas.style.cursor = mode === "move" ? "" : "crosshair"));
  }

  act(what, pane = this.panes[0]) {
    if (what === "in") this.zoom(pane, 1.4);
    if (what === "out") this.zoom(pane, 1 / 1.4);
    if (what === "fit") this.fitView();
    if (what === "clear" && this.selection) this.select(null, this.what);
  }

  fitView() {
    this.camera = { zoom: 1, x: 0, y: 0, yaw: -0.5, pitch: 0.35 };
    this.redraw();
  }

  // Enlarge around a place of the screen, or the middle.
  zoom(pane, factor, x = pane.width / 2, y = pane.height / 2) {
    const { camera } = this;
    const zoom = Math.max(0.4, Math.min(400, camera.zoom * factor));
    const by = zoom / camera.zoom;
    camera.x = (x - pane.width / 2) * (1 - by) + camera.x * by;
    camera.y = (y - pane.height / 2 - 8) * (1 - by) + camera.y * by;
    camera.zoom = zoom;
    this.redraw();
  }

  toggle(label, alone) {
    const others = this.classes.map((_, k) => k).filter((k) => k !== label);
    if (alone) this.hidden = new Set(others.every((k) => this.hidden.has(k)) ? [] : others);
    else if (!this.hidden.delete(label)) this.hidden.add(label);
    this.setCounts();
    this.redraw();
  }

  // selection: a Uint8Array of 0 and 1, or null for none; the explorer is told, bit by bit.
  select(selection, of) {
    const told = this.selection || selection;
    this.selection = selection?.includes(1) ? selection : null;
    this.selectedOf = of;
    this.selections++;
    this.setCounts();
    this.redraw();
    if (!told) return;
    const bits = new Uint8Array(Math.ceil(this.labels.length / 8));
    this.selection?.forEach((chosen, i) => (bits[i >> 3] |= chosen << (i & 7)));
    let text = "";
    for (const byte of this.selection ? bits : []) text += String.fromCharCode(byte);
    this.tell("selected", btoa(text));
  }

  pick(pane, x, y) {
    const i = pane.closest(x, y, CLICK_PX, this.visible);
    if (i >= 0) return this.look(i);
    const at = pane.coordinatesAt(x, y);
    [this.picked, this.spot] = [-1, { pane: pane.index, at }];
    this.asked = -1;
    this.tell("pick", { pane: pane.index, at });
    this.redraw();
  }

  look(i) {
    [this.picked, this.spot] = [i, null];
    this.asked = i;
    this.tell("pick", { place: i });
    this.redraw();
  }

  listen(pane) {
    const { canvas } = pane;
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(pane, Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), ...at(event));
    }, { passive: false });
    canvas.onpointerdown = (event) => {
      if (event.button) return;
      canvas.setPointerCapture(event.pointerId);
      this.drag = { from: at(event), last: at(event), moved: false };
    };
    canvas.onpointermove = (event) => {
      if (this.drag) this.dragTo(pane, at(event), event);
      else this.pointAt(pane, ...at(event));
    };
    canvas.onpointerup = (event) => {
      const { drag } = this;
      this.drag = null;
      if (this.trace) this.endTrace(event);
      else if (drag && !drag.moved) this.pick(pane, ...at(event));
    };
    canvas.onpointercancel = () => {
      [this.drag, this.trace] = [null, null];
      this.redraw();
    };
    canvas.onpointerleave = () => {
      if (!this.drag) this.pointAt(null);
    };
    canvas.ondblclick = (event) => event.preventDefault();
    canvas.onkeydown = (event) => this.key(pane, event);
    canvas.onblur = () => this.pointAt(null);
  }

  dragTo(pane, [x, y], event) {
    const { drag, camera } = this;
    if (!drag.moved && Math.hypot(x - drag.from[0], y - drag.from[1]) < DRAG_PX) return;
    drag.moved = true;
    const [dx, dy] = [x - drag.last[0], y - drag.last[1]];
    drag.last = [x, y];
    if (this.mode === "lasso") {
      this.trace ??= { pane, points: [drag.from] };
      this.trace.points.push([x, y]);
    } else if (this.mode === "box") {
      const [x0, y0] = drag.from;
      this.trace = { pane, points: [[x0, y0], [x, y0], [x, y], [x0, y]] };
    } else if (this.dims === 3 && !event.shiftKey) {
      camera.yaw += dx / 150;
      camera.pitch = Math.max(-1.57, Math.min(1.57, camera.pitch + dy / 150));
    } else {
      camera.x += dx;
      camera.y += dy;
    }
    this.pointAt(null);
    this.redraw();
  }

  endTrace(event) {
    const { pane, points } = this.trace;
    this.trace = null;
    const keep = event.shiftKey || event.altKey;
    const selection = keep && this.selection ? this.selection.slice() : new Uint8Array(this.labels.length);
    for (let i = 0; i < selection.length; i++) {
      if (this.visible(i) && inside(points, pane.x[i], pane.y[i])) selection[i] = event.altKey ? 0 : 1;
    }
    this.select(selection, this.what);
  }

  key(pane, event) {
    const known = { "+": "in", "=": "in", "-": "out", 0: "fit", Escape: "clear" };
    const modes = { m: "move", b: "box", l: "lasso" };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in ARROWS) {
      const from = this.hover >= 0 ? this.hover : this.picked;
      const start = pane.closest(pane.width / 2, pane.height / 2, Infinity, this.visible);
      const next = from >= 0 ? pane.step(from, ...ARROWS[event.key], this.visible) : start;
      if (next >= 0) this.pointTo(pane, next);
    } else if (event.key === "Enter" && this.hover >= 0) this.look(this.hover);
    else if (event.key in known) this.act(known[event.key], pane);
    else if (event.key in modes) this.setMode(modes[event.key]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // --- what is pointed at ---

  pointAt(pane, x, y) {
    const dream = pane && !this.trace ? pane.dreamAt(x, y) : -1;
    const hover = pane && dream < 0 ? pane.closest(x, y, CLICK_PX, this.visible) : -1;
    if (hover === this.hover && dream === this.dream) return;
    if (pane) pane.canvas.style.cursor = hover >= 0 ? "pointer" : this.mode === "move" ? "" : "crosshair";
    this.dream = dream;
    this.pointTo(pane, hover);
  }

  pointTo(pane, hover) {
    this.hover = hover;
    this.redraw();
    this.panes.forEach((pane) => pane.hideCard());
    if (hover >= 0) {
      const name = this.classes[this.labels[hover]].name;
      const image = `${this.tests[hover] ? "test" : "training"} image ${this.indices[hover]}`;
      this.panes.forEach((pane) => {
        const atlas = this.atlases.get(`atlas${pane.index}`);
        pane.showCard([pane.x[hover], pane.y[hover]], this.picture(atlas, hover), name, [image, atlas?.what ?? ""]);
      });
      this.root.querySelector(".spoken").textContent = `${name}, ${image}`;
    } else if (this.dream >= 0) {
      const layer = this.atlases.get("dreams");
      const row = this.dream + pane.index * layer.names[0].length;
      pane.showCard(pane.dreams[this.dream], this.picture(layer, row), layer.names[pane.index][this.dream], ["dreamt, not stored"]);
    }
  }

  redraw() {
    if (this.waiting || !this.theme) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      if (this.theme) this.panes.forEach((pane) => pane.draw(this));
      this.root.dataset.drawn = String(Number(this.root.dataset.drawn ?? 0) + 1);
    });
  }
}

function inside(polygon, x, y) {
  let within = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [[xi, yi], [xj, yj]] = [polygon[i], polygon[j]];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) within = !within;
  }
  return within;
}

function brightness(colour) {
  const context = document.createElement("canvas").getContext("2d");
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
  return (0.3 * r + 0.59 * g + 0.11 * b) / 255;
}

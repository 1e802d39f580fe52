// The latent map: one or two panes of points that share their view, pointer and selection.
// Wheel, + and − zoom. A drag moves (in 3-D: turns), boxes or lassoes. A click looks at a point or
// at an empty place, and arrow keys go from point to point. The view survives updates; after each
// gesture the explorer gets it for the page's address.

export default function ({ data, parentElement, setStateValue }) {
  const map = (parentElement.padMap ??= new LatentMap(parentElement));
  // Not a trigger: of two triggers while the explorer is busy, only the last would arrive.
  // The time makes a repeated action differ from the one before.
  map.tell = (name, event) => setStateValue(name, { ...event, stamp: map.stamp, time: Date.now() });
  map.show(unpack(data));
  const call = {};
  map.call = call;
  return () => {
    if (map.call === call) map.close(parentElement);
  };
}

const FIGURE = "latent-map";
const PAUSE_MS = 250; // after the last step of a gesture
const ALL_IN_SIGHT = { zoom: 1, x: 0, y: 0, yaw: -0.5, pitch: 0.35 };

class LatentMap {
  constructor(parent) {
    this.root = parent.querySelector(".map");
    this.panes = [];
    this.dots = new Map();
    this.hidden = new Set();
    this.atlases = new Map();
    [this.selection, this.selections] = [null, 0];
    // seen: the visible part of the first pane's plane, or null for all points. If it is stale, the
    // camera follows it.
    Object.assign(this, { seen: null, camera: { ...ALL_IN_SIGHT }, stale: true, pausing: 0, trace: null });
    Object.assign(this, { hover: -1, dream: -1, picked: -1, spot: null, mode: "move" });
    this.colours = new Colours(this);
    this.legend = new Legend(this);
    this.board = window.padMapBoard ??= { layers: new Map(), changes: new EventTarget() };
    this.onLayer = ({ detail }) => this.takeLayer(detail);
    this.board.changes.addEventListener("layer", this.onLayer);
    (window.padFigures ??= {})[FIGURE] = () => new Figure(this).made(); // for the menu of files
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
    clearTimeout(this.pausing);
    delete window.padFigures[FIGURE];
    delete parent.padMap;
  }

  // --- data to show ---

  show(packet) {
    if (packet.version !== this.version) {
      const { version, labels, indices, tests, classes, groups, dims } = packet;
      Object.assign(this, { version, labels, indices, tests, classes, groups, dims, what: packet.what });
      this.setPanes(packet);
      if (!this.pausing) this.stale = true; // the same part is seen, with other points
      this.selection = null; // a layer says which of these points are selected
      this.selections++;
      if (!(this.hover < labels.length)) this.hover = -1;
    }
    if (packet.stamp !== this.stamp) {
      clearTimeout(this.pausing);
      this.stamp = packet.stamp;
      [this.seen, this.stale, this.trace, this.pausing] = [packet.view, true, null, 0];
      this.hidden = new Set(packet.hidden);
    }
    this.readTheme();
    this.legend.draw();
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
        new Gestures(this, this.panes[i]);
        this.watch.observe(this.panes[i].canvas);
      }
      this.panes[i].set(packet[`points${i}`], packet.dims, description);
      this.panes[i].names.measure(packet.labels, packet.classes.length);
    });
  }

  layer(name) {
    const layer = this.board.layers.get(name);
    return layer && !layer.empty ? layer : null;
  }

  takeLayer(name) {
    const layer = this.layer(name);
    if (name.startsWith("atlas") || name === "dreams") this.loadPictures(name, layer);
    if (name === "colours" && this.theme) this.legend.draw();
    if (name === "selection") this.select(layer?.selected);
    if (name === "marks" && layer && layer.version !== this.marked) {
      this.marked = layer.version;
      // An answer after a further click is too late.
      if (this.asked !== undefined && layer.picked !== this.asked) return;
      this.asked = undefined;
      this.picked = layer.picked;
      this.spot = layer.spot ?? null;
    }
    this.root.querySelector(".key .told").textContent = this.board.layers.get("dreams")?.told ?? "";
    this.root.querySelectorAll(".key > [data-of]").forEach((entry) => {
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

  // A picture's bitmap and place in it: the first arguments of drawImage.
  picture(atlas, i) {
    const { bitmap, columns, tile } = atlas?.same >= 0 ? (this.atlases.get(`atlas${atlas.same}`) ?? {}) : (atlas ?? {});
    return bitmap && [bitmap, (i % columns) * tile, Math.floor(i / columns) * tile, tile, tile];
  }

  readTheme() {
    const style = getComputedStyle(this.root);
    const read = (name) => style.getPropertyValue(`--st-${name}`).trim();
    const [text, background, accent] = ["text-color", "background-color", "primary-color"].map(read);
    const dark = brightness(background) < 0.5;
    const mix = (share) => `color-mix(in srgb, ${text} ${share}%, transparent)`;
    this.theme = {
      text, background, accent, dark, grey: "#888888", font: style.fontFamily, size: `${Math.round(0.86 * parseFloat(style.fontSize))}px`,
      quiet: mix(66), axis: mix(40), grid: mix(8), wash: `color-mix(in srgb, ${accent} 14%, transparent)`,
    };
    this.classes.forEach((style) => (style.shown = dark ? style.dark : style.colour));
  }

  visible = (i) => !this.hidden.has(this.labels[i]);

  // --- the viewer's actions ---

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
    if (what === "fit") {
      [this.seen, this.camera] = [null, { ...ALL_IN_SIGHT }];
      this.moved();
    }
    if (what === "clear" && this.selection) {
      this.select(null);
      this.tell("outline", { how: "clear" });
    }
  }

  // Zoom around a place of the screen, or around the middle.
  zoom(pane, factor, x = pane.width / 2, y = pane.height / 2) {
    const { camera } = this;
    const zoom = within(camera.zoom * factor, ...ZOOMS);
    const by = zoom / camera.zoom;
    camera.x = (x - pane.width / 2) * (1 - by) + camera.x * by;
    camera.y = (y - pane.height / 2 - MIDDLE_PX) * (1 - by) + camera.y * by;
    camera.zoom = zoom;
    this.moved();
  }

  shift(x, y) {
    this.camera.x += x;
    this.camera.y += y;
    this.moved();
  }

  turn(yaw, pitch) {
    this.camera.yaw += yaw;
    this.camera.pitch = within(this.camera.pitch + pitch, -1.57, 1.57);
    this.moved();
  }

  // The viewer has changed the view.
  moved() {
    this.trace = null;
    this.redraw();
    clearTimeout(this.pausing);
    this.pausing = setTimeout(() => {
      this.pausing = 0;
      this.seen = this.isHome() ? null : this.panes[0].seen(this.camera);
      this.tell("view", { seen: this.seen });
    }, PAUSE_MS);
  }

  isHome = () => Object.entries(ALL_IN_SIGHT).every(([name, value]) => this.camera[name] === value);

  // selection: a Uint8Array of 0 and 1 for each point, or nothing.
  select(selection) {
    this.selection = selection?.length === this.labels.length ? selection : null;
    this.trace = null;
    this.selections++;
    this.legend.count();
    this.redraw();
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

  // --- the point under the pointer ---

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
        const told = this.colours.told(pane, hover) || atlas?.what || "";
        pane.showCard([pane.x[hover], pane.y[hover]], this.picture(atlas, hover), name, [image, told]);
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
      if (this.theme) this.draw();
      this.root.dataset.drawn = String(Number(this.root.dataset.drawn ?? 0) + 1);
    });
  }

  draw() {
    const resized = this.panes.map((pane) => pane.resize()).includes(true);
    const [pane] = this.panes;
    if (!pane?.width || !pane.height) return;
    // A window of another size shows the same part.
    if (this.stale || (resized && !this.pausing)) {
      this.camera = this.seen ? pane.cameraFor(this.seen) : { ...ALL_IN_SIGHT };
      this.stale = false;
    }
    this.panes.forEach((pane) => pane.draw(this));
  }
}

function brightness(colour) {
  const context = document.createElement("canvas").getContext("2d");
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
  return (0.3 * r + 0.59 * g + 0.11 * b) / 255;
}

// One network's half of the latent map: where points lie on the screen, and how they look.

const CLICK_PX = 12; // how far from a point it still counts as pointed at
const SHAPES = ["disk", "square", "triangle", "diamond"]; // when there are more classes than colours
const DEPTHS = 16; // steps from back to front in 3-D

class Pane {
  constructor(parent, index) {
    this.index = index;
    this.element = document.createElement("figure");
    this.element.className = "pane";
    this.element.innerHTML =
      '<canvas class="points" tabindex="0" role="application"></canvas><header><b></b><span></span></header>' +
      '<div class="card"><canvas width="96" height="96"></canvas><div><b></b><span></span><span></span></div></div>';
    this.canvas = this.element.querySelector("canvas.points");
    this.card = this.element.querySelector(".card");
    this.context = this.canvas.getContext("2d");
    parent.append(this.element);
  }

  // points: Float32Array, `dims` numbers each.
  set(points, dims, description) {
    this.points = points;
    this.dims = dims;
    this.n = points.length / dims;
    this.axes = description.axes;
    this.x = new Float32Array(this.n);
    this.y = new Float32Array(this.n);
    this.depth = new Float32Array(this.n);
    this.low = Array(dims).fill(Infinity);
    this.high = Array(dims).fill(-Infinity);
    for (let i = 0; i < points.length; i++) {
      const axis = i % dims;
      this.low[axis] = Math.min(this.low[axis], points[i]);
      this.high[axis] = Math.max(this.high[axis], points[i]);
    }
    this.middle = [0, 1, 2].map((axis) => (axis < dims ? (this.low[axis] + this.high[axis]) / 2 : 0));
    this.half = [0, 1, 2].map((axis) => (axis < dims ? (this.high[axis] - this.low[axis]) / 2 || 1 : 0));
    this.reach = 0; // from the middle to the point farthest from it
    for (let i = 0; i < this.n; i++) {
      const from = (axis) => points[i * dims + axis] - this.middle[axis];
      this.reach = Math.max(this.reach, Math.hypot(...this.middle.slice(0, dims).map((_, axis) => from(axis))));
    }
    const [title, note] = this.element.querySelectorAll("header > *");
    title.textContent = description.title;
    note.textContent = description.note;
    this.canvas.setAttribute(
      "aria-label",
      `${description.title}: map of ${this.n} codes on ${this.axes.join(", ")}. ` +
        "Arrow keys go from point to point, Enter looks at one, plus and minus zoom.",
    );
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const ratio = window.devicePixelRatio || 1;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    [this.width, this.height] = [width, height];
  }

  // --- from codes to the screen and back ---

  aim(camera) {
    const [hx, hy] = this.half;
    const fit =
      this.dims === 2
        ? Math.min(this.width / hx, (this.height - 50) / hy)
        : Math.min(this.width, this.height - 50) / (this.reach || 1);
    this.scale = 0.47 * fit * camera.zoom;
    const [yaw, pitch] = this.dims === 2 ? [0, 0] : [camera.yaw, camera.pitch];
    const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
    this.turn = [cy, 0, sy, sp * sy, cp, -sp * cy, -cp * sy, sp, cp * cy]; // rows: right, up, near
    this.origin = [this.width / 2 + camera.x, this.height / 2 + 8 + camera.y];
    for (let i = 0; i < this.n; i++) {
      [this.x[i], this.y[i], this.depth[i]] = this.place(this.points, i);
    }
  }

  place(points, i) {
    const { dims, middle, turn, scale, origin } = this;
    const a = points[i * dims] - middle[0];
    const b = points[i * dims + 1] - middle[1];
    const c = dims === 3 ? points[i * dims + 2] - middle[2] : 0;
    return [
      origin[0] + scale * (turn[0] * a + turn[1] * b + turn[2] * c),
      origin[1] - scale * (turn[3] * a + turn[4] * b + turn[5] * c),
      turn[6] * a + turn[7] * b + turn[8] * c,
    ];
  }

  // The coordinates under a place of the screen; in 3-D as near as the point closest to it.
  coordinatesAt(x, y) {
    const { turn, middle, scale, origin } = this;
    const right = (x - origin[0]) / scale;
    const up = (origin[1] - y) / scale;
    const near = this.dims === 3 ? this.depth[this.closest(x, y, Infinity)] : 0;
    return [0, 1, 2]
      .slice(0, this.dims)
      .map((axis) => middle[axis] + turn[axis] * right + turn[3 + axis] * up + turn[6 + axis] * near);
  }

  closest(x, y, within, visible = () => true) {
    let best = -1;
    let least = within * within;
    for (let i = 0; i < this.n; i++) {
      const distance = (this.x[i] - x) ** 2 + (this.y[i] - y) ** 2;
      if (distance < least && visible(i)) [best, least] = [i, distance];
    }
    return best;
  }

  // The nearest visible point to the right, left, above or below another one.
  step(from, dx, dy, visible) {
    let [best, least] = [-1, Infinity];
    for (let i = 0; i < this.n; i++) {
      const [x, y] = [this.x[i] - this.x[from], this.y[i] - this.y[from]];
      const along = x * dx + y * dy;
      const across = Math.abs(x * dy - y * dx);
      const cost = along + 2 * across;
      if (i !== from && along > 0.01 && across <= along && cost < least && visible(i)) [best, least] = [i, cost];
    }
    return best;
  }

  // --- drawing ---

  draw(map) {
    this.resize();
    const occluded = map.layer("occluded");
    const key = [
      map.version, map.selections, [...map.hidden], Object.values(map.camera), map.theme.text,
      map.theme.background, this.canvas.width, this.canvas.height, occluded?.version,
    ].join(" ");
    if (key !== this.painted) this.paint(map, occluded?.[`points${this.index}`]);
    this.painted = key;
    const { context } = this;
    context.clearRect(0, 0, this.width, this.height);
    context.drawImage(this.ground, 0, 0, this.width, this.height);
    this.drawDreams(map);
    this.drawMarks(map);
    if (map.trace && map.trace.pane === this) this.drawTrace(map);
  }

  // What stays as the pointer moves: thousands of points are not drawn again for it.
  paint(map, occluded) {
    const front = this.context;
    this.ground ??= document.createElement("canvas");
    [this.ground.width, this.ground.height] = [this.canvas.width, this.canvas.height];
    this.context = this.ground.getContext("2d");
    this.context.setTransform(front.getTransform());
    this.aim(map.camera);
    const room = Math.sqrt((this.width * this.height) / this.n);
    this.radius = Math.max(1.5, Math.min(5, 0.18 * room)) * Math.min(1.6, Math.max(1, map.camera.zoom ** 0.25));
    if (this.dims === 2) this.drawGrid(map);
    else this.drawAxes(map);
    if (occluded?.length) this.drawOccluded(map, occluded);
    this.drawPoints(map);
    if (this.dims === 3) this.nameAxes(map);
    this.context = front;
  }

  drawGrid({ theme }) {
    const { context, scale, middle, origin, width, height } = this;
    const rough = 90 / scale;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
    context.font = `11px ${theme.font}`;
    context.lineWidth = 1;
    const digits = Math.max(0, -Math.floor(Math.log10(step)));
    for (const axis of [0, 1]) {
      const at = (value) => origin[axis] + (axis ? -1 : 1) * scale * (value - middle[axis]);
      const ends = axis ? [height, 0] : [0, width];
      const value = (pixel) => middle[axis] + ((axis ? -1 : 1) * (pixel - origin[axis])) / scale;
      for (let k = Math.ceil(value(ends[0]) / step); k <= value(ends[1]) / step; k++) {
        const pixel = Math.round(at(k * step)) + 0.5;
        context.strokeStyle = k === 0 ? theme.axis : theme.grid;
        context.beginPath();
        context.moveTo(axis ? 0 : pixel, axis ? pixel : 0);
        context.lineTo(axis ? width : pixel, axis ? pixel : height);
        context.stroke();
        context.fillStyle = theme.quiet;
        context.textAlign = axis ? "left" : "center";
        const text = (k * step).toFixed(digits).replace("-", "−");
        if (axis && pixel > 56 && pixel < height - 26) context.fillText(text, 5, pixel - 3);
        if (!axis && pixel > 40 && pixel < width - 150) context.fillText(text, pixel, height - 7);
      }
    }
    context.fillStyle = theme.text;
    context.textAlign = "right";
    context.fillText(`${this.axes[0]} →`, width - 10, height - 7);
    context.textAlign = "left";
    context.fillText(`↑ ${this.axes[1]}`, 8, 40);
  }

  // The two ends of an axis through the middle of the points, on the screen.
  axis(k) {
    return [-1, 1].map((side) => {
      const end = this.middle.slice();
      end[k] += side * this.half[k];
      return this.place(end, 0);
    });
  }

  drawAxes({ theme }) {
    const { context } = this;
    context.strokeStyle = theme.axis;
    context.beginPath();
    for (const k of [0, 1, 2]) {
      const [[x0, y0], [x1, y1]] = this.axis(k);
      context.moveTo(x0, y0);
      context.lineTo(x1, y1);
    }
    context.stroke();
  }

  nameAxes({ theme }) {
    const { context } = this;
    context.font = `11px ${theme.font}`;
    context.textAlign = "center";
    context.lineJoin = "round";
    context.lineWidth = 4;
    context.strokeStyle = theme.background;
    context.fillStyle = theme.text;
    this.axes.forEach((label, k) => {
      const [[x0, y0], [x1, y1]] = this.axis(k);
      const place = [x1 + (x1 - x0) * 0.04, y1 + (y1 - y0) * 0.04];
      context.strokeText(label, ...place);
      context.fillText(label, ...place);
    });
    context.lineWidth = 1;
  }

  drawPoints(map) {
    const { context } = this;
    const dots = map.classes.map((style, k) => dot(map, style.shown, SHAPES[Math.floor(k / 10) % 4], this.radius));
    const paint = (i, alpha) => {
      context.globalAlpha = map.selection && !map.selection[i] ? 0.2 * alpha : alpha;
      const { canvas, size } = dots[map.labels[i]];
      context.drawImage(canvas, this.x[i] - size / 2, this.y[i] - size / 2, size, size);
    };
    if (this.dims === 2) {
      for (let i = 0; i < this.n; i++) if (map.visible(i)) paint(i, 0.85);
    } else {
      const far = this.reach || 1;
      const bins = Array.from({ length: DEPTHS }, () => []);
      for (let i = 0; i < this.n; i++) {
        const bin = Math.floor((DEPTHS * (this.depth[i] + far)) / (2 * far));
        if (map.visible(i)) bins[Math.max(0, Math.min(DEPTHS - 1, bin))].push(i);
      }
      bins.forEach((bin, k) => bin.forEach((i) => paint(i, 0.3 + (0.7 * k) / DEPTHS)));
    }
    context.globalAlpha = 1;
  }

  drawOccluded(map, occluded) {
    const { context } = this;
    const faint = Math.max(0.1, Math.min(0.4, 9 / Math.sqrt(this.n)));
    map.classes.forEach((style, label) => {
      for (const lit of map.selection ? [0, 1] : [1]) {
        context.beginPath();
        for (let i = 0; i < this.n; i++) {
          if (map.labels[i] !== label || !map.visible(i) || (map.selection && map.selection[i] !== lit)) continue;
          const [x, y] = this.place(occluded, i);
          context.moveTo(this.x[i], this.y[i]);
          context.lineTo(x, y);
          context.rect(x - 1.5, y - 1.5, 3, 3);
        }
        context.strokeStyle = style.shown;
        context.globalAlpha = lit ? faint : faint * 0.2;
        context.stroke();
      }
    });
    context.globalAlpha = 1;
  }

  // Memories A and B, the path between them as λ goes from 0 to 1, and REM dreams.
  drawDreams(map) {
    const layer = map.layer("dreams");
    const codes = layer?.[`points${this.index}`];
    this.dreams = [];
    if (!codes?.length) return;
    const { context } = this;
    const { theme } = map;
    const places = Array.from({ length: codes.length / this.dims }, (_, i) => this.place(codes, i));
    this.dreams = places;
    const path = places.slice(2, 2 + layer.steps);
    context.lineJoin = "round";
    for (const [colour, width] of [[theme.background, 5], [theme.accent, 2.5]]) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.beginPath();
      path.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
      context.stroke();
    }
    places.slice(2 + layer.steps).forEach(([x, y], i) => {
      const size = i ? 5 : 8; // the first lies on the path
      context.beginPath();
      for (const [dx, dy] of [[0, -1], [1, 0], [0, 1], [-1, 0]]) context.lineTo(x + size * dx, y + size * dy);
      context.closePath();
      context.fillStyle = i ? theme.background : theme.accent;
      context.strokeStyle = i ? theme.accent : theme.background;
      context.lineWidth = 2;
      context.fill();
      context.stroke();
    });
    ["A", "B"].forEach((letter, i) => {
      const [x, y] = places[i];
      context.beginPath();
      context.arc(x, y, 9, 0, 7);
      context.fillStyle = theme.text;
      context.strokeStyle = theme.background;
      context.lineWidth = 2;
      context.fill();
      context.stroke();
      context.fillStyle = theme.background;
      context.font = `600 11px ${theme.font}`;
      context.textAlign = "center";
      context.fillText(letter, x, y + 4);
    });
    context.lineWidth = 1;
  }

  drawMarks(map) {
    const { theme } = map;
    const marks = map.layer("marks") ?? {};
    const occluded = map.layer("occluded")?.[`points${this.index}`];
    if (map.picked >= 0) {
      const near = marks.picked === map.picked ? (marks.neighbours?.[this.index] ?? []) : [];
      near.forEach((i) => this.join(map.picked, [this.x[i], this.y[i]], theme.quiet));
      near.forEach((i) => this.ring(this.x[i], this.y[i], this.radius + 2.5, theme.text, 1.25));
      this.ring(this.x[map.picked], this.y[map.picked], this.radius + 5, theme.text, 2.5);
    }
    if (map.spot?.pane === this.index) {
      const [x, y] = this.place(map.spot.at, 0);
      if (marks.nearest >= 0) this.join(marks.nearest, [x, y], theme.quiet);
      this.ring(x, y, 8, theme.text, 2.5);
      this.ring(x, y, 1, theme.text, 2.5);
    }
    if (map.hover >= 0) {
      if (occluded?.length) {
        const end = this.place(occluded, map.hover);
        this.join(map.hover, end, theme.text);
        this.ring(end[0], end[1], 3.5, theme.text, 1.5);
      }
      this.ring(this.x[map.hover], this.y[map.hover], this.radius + 3, theme.text, 2);
    }
  }

  join(i, [x, y], colour) {
    const { context } = this;
    context.strokeStyle = colour;
    context.lineWidth = 1.25;
    context.beginPath();
    context.moveTo(this.x[i], this.y[i]);
    context.lineTo(x, y);
    context.stroke();
  }

  ring(x, y, radius, colour, width) {
    const { context } = this;
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    context.arc(x, y, radius, 0, 7);
    context.stroke();
    context.lineWidth = 1;
  }

  drawTrace({ trace, theme }) {
    const { context } = this;
    context.beginPath();
    trace.points.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.closePath();
    context.fillStyle = theme.wash;
    context.strokeStyle = theme.accent;
    context.setLineDash([5, 4]);
    context.fill();
    context.stroke();
    context.setLineDash([]);
  }

  // --- what is under the pointer ---

  dreamAt(x, y) {
    return (this.dreams ?? []).findIndex(([a, b]) => Math.hypot(a - x, b - y) < 9);
  }

  showCard([x, y], picture, title, lines) {
    const { card } = this;
    const context = card.querySelector("canvas").getContext("2d");
    context.imageSmoothingEnabled = false;
    context.clearRect(0, 0, 96, 96);
    if (picture) context.drawImage(...picture, 0, 0, 96, 96);
    card.querySelector("canvas").style.display = picture ? "" : "none";
    const [name, ...others] = card.querySelectorAll("b, span");
    name.textContent = title;
    others.forEach((element, i) => (element.textContent = lines[i] ?? ""));
    card.style.display = "flex";
    const left = x + 18 + card.offsetWidth > this.width ? x - 18 - card.offsetWidth : x + 18;
    const top = Math.max(4, Math.min(this.height - card.offsetHeight - 4, y - card.offsetHeight / 2));
    card.style.transform = `translate(${Math.max(4, left)}px, ${top}px)`;
  }

  hideCard() {
    this.card.style.display = "none";
  }
}

// A point's picture, drawn once for each colour and size.
function dot(map, colour, shape, radius) {
  const key = `${colour} ${shape} ${radius.toFixed(2)} ${map.theme.background}`;
  if (!map.dots.has(key)) {
    if (map.dots.size > 400) map.dots.clear();
    const ratio = window.devicePixelRatio || 1;
    const size = Math.ceil(2 * radius + 3);
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = size * ratio;
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    context.translate(size / 2, size / 2);
    context.beginPath();
    if (shape === "disk") context.arc(0, 0, radius, 0, 7);
    else if (shape === "square") context.rect(-radius, -radius, 2 * radius, 2 * radius);
    else {
      const corners = { triangle: [[0, -1.2], [1.1, 0.9], [-1.1, 0.9]], diamond: [[0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]] };
      corners[shape].forEach(([x, y]) => context.lineTo(x * radius, y * radius));
      context.closePath();
    }
    context.fillStyle = colour;
    context.strokeStyle = map.theme.background;
    context.lineWidth = 0.75;
    context.fill();
    if (radius > 2) context.stroke();
    map.dots.set(key, { canvas, size });
  }
  return map.dots.get(key);
}

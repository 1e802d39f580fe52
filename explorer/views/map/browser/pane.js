// One network's half of the latent map: the points' places on the screen, and their looks.

const CLICK_PX = 12; // a pointer nearer than this is on a point
const ZOOMS = [0.4, 400]; // least and most
const MIDDLE_PX = 8; // from the middle of the pane down to the middle of all points

const within = (value, low, high) => Math.max(low, Math.min(high, value));

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
    this.ground = new Ground(this);
    this.names = new Names(this);
    this.marks = new Marks(this);
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
      `${description.title}: map of ${this.n} latents on ${this.axes.join(", ")}. ` +
        "Arrow keys go from point to point, Enter looks at one, plus and minus zoom.",
    );
  }

  // Fit the canvas to its place on the page; returns whether that has changed.
  resize() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const ratio = window.devicePixelRatio || 1;
    const size = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.canvas.width === size[0] && this.canvas.height === size[1]) return false;
    [this.canvas.width, this.canvas.height] = size;
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    [this.width, this.height] = [width, height];
    return true;
  }

  // --- from latents to the screen and back ---

  // Pixels a unit when all points are visible.
  get fitted() {
    const [hx, hy] = this.half;
    const fit =
      this.dims === 2
        ? Math.min(this.width / hx, (this.height - 50) / hy)
        : Math.min(this.width, this.height - 50) / (this.reach || 1);
    return 0.47 * fit;
  }

  // zoom: 1 when all points are visible; x, y: their shift in pixels.
  aim({ zoom, x, y, yaw, pitch }) {
    this.scale = this.fitted * zoom;
    this.face(yaw, pitch);
    this.origin = [this.width / 2 + x, this.height / 2 + MIDDLE_PX + y];
    const room = Math.sqrt((this.width * this.height) / this.n);
    this.radius = Math.max(1.5, Math.min(5, 0.18 * room)) * Math.min(1.6, Math.max(1, zoom ** 0.25));
    for (let i = 0; i < this.n; i++) {
      [this.x[i], this.y[i], this.depth[i]] = this.place(this.points, i);
    }
  }

  face(yaw, pitch) {
    const [cy, sy, cp, sp] = this.dims === 2 ? [1, 0, 1, 0] : [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
    const turn = [cy, 0, sy, sp * sy, cp, -sp * cy, -cp * sy, sp, cp * cy]; // rows: right, up, near
    this.turn = turn;
    const [a, b, c] = this.middle;
    this.centre = [turn[0] * a + turn[1] * b + turn[2] * c, turn[3] * a + turn[4] * b + turn[5] * c];
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

  // A place of the screen on the visible plane: rightwards, upwards.
  planeAt(x, y) {
    const { centre, scale, origin } = this;
    return [centre[0] + (x - origin[0]) / scale, centre[1] + (origin[1] - y) / scale];
  }

  // Left, bottom, right and top of the visible part of that plane; in 3-D also its turn.
  seen({ yaw, pitch }) {
    const [corner, opposite] = [this.planeAt(0, this.height), this.planeAt(this.width, 0)];
    return [...corner, ...opposite, ...(this.dims === 3 ? [yaw, pitch] : [])];
  }

  // The camera that shows all of this in the middle of the pane, as large as possible.
  cameraFor([left, bottom, right, top, yaw = 0, pitch = 0]) {
    const zoom = within(Math.min(this.width / (right - left), this.height / (top - bottom)) / this.fitted, ...ZOOMS);
    const scale = this.fitted * zoom;
    this.face(yaw, pitch);
    const x = scale * (this.centre[0] - (left + right) / 2);
    const y = scale * ((bottom + top) / 2 - this.centre[1]) - MIDDLE_PX;
    return { zoom, x, y, yaw, pitch };
  }

  // The coordinates at a place of the screen; in 3-D at the depth of the closest point.
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
    this.ground.paint(map);
    this.context.clearRect(0, 0, this.width, this.height);
    this.context.drawImage(this.ground.canvas, 0, 0, this.width, this.height);
    this.marks.draw(map, this.names);
  }

  // The same into another context, such as that of a figure.
  drawOn(context, map) {
    const [ground, names, marks] = [this.ground, this.names, this.marks].map((part) =>
      Object.assign(Object.create(part), { context }),
    );
    ground.draw(map);
    marks.draw(map, names);
  }

  // --- under the pointer ---

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

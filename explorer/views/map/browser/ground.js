// The ground of a pane: axes, points and their occluded latents. It is drawn on a canvas of its own
// and stays as the pointer moves: thousands of points are not drawn again for it.

const SHAPES = ["disk", "square", "triangle", "diamond"]; // when there are more classes than colours
const DEPTHS = 16; // steps from back to front in 3-D

class Ground {
  constructor(pane) {
    this.pane = pane;
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d");
  }

  // What it depends on; where that is still the same, it needs no painting.
  paint(map) {
    const { pane, canvas, context } = this;
    const [layer, colours] = [map.layer("occluded"), map.colours.layer];
    const { width, height } = pane.canvas;
    const key = [
      map.version, map.selections, [...map.hidden], Object.values(map.camera), map.theme.text,
      map.theme.background, width, height, layer?.version,
      colours?.version,
    ].join(" ");
    if (key === this.painted) return;
    this.painted = key;
    [canvas.width, canvas.height] = [width, height];
    context.setTransform(pane.context.getTransform());
    pane.aim(map.camera);
    this.draw(map);
  }

  draw(map) {
    const { pane } = this;
    const occluded = map.layer("occluded")?.[`points${pane.index}`];
    if (pane.dims === 2) this.drawGrid(map);
    else this.drawAxes(map);
    if (occluded?.length) this.drawOccluded(map, occluded);
    this.drawPoints(map);
  }

  drawGrid({ theme }) {
    const { context } = this;
    const { scale, middle, origin, width, height } = this.pane;
    const rough = 90 / scale;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
    context.font = `${theme.size} ${theme.font}`;
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
  }

  // The two ends of an axis through the middle of the points, on the screen.
  axis(k) {
    const { pane } = this;
    return [-1, 1].map((side) => {
      const end = pane.middle.slice();
      end[k] += side * pane.half[k];
      return pane.place(end, 0);
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

  drawPoints(map) {
    const { context, pane } = this;
    const { looks, lookOf } = map.colours.looks(pane);
    const dots = looks.map(({ colour, shape }) => dot(map, colour, shape, pane.radius));
    const paint = (i, alpha) => {
      context.globalAlpha = map.selection && !map.selection[i] ? 0.2 * alpha : alpha;
      const { canvas, size } = dots[lookOf(i)];
      context.drawImage(canvas, pane.x[i] - size / 2, pane.y[i] - size / 2, size, size);
    };
    if (pane.dims === 2) {
      for (let i = 0; i < pane.n; i++) if (map.visible(i)) paint(i, 0.85);
    } else {
      const far = pane.reach || 1;
      const bins = Array.from({ length: DEPTHS }, () => []);
      for (let i = 0; i < pane.n; i++) {
        const bin = Math.floor((DEPTHS * (pane.depth[i] + far)) / (2 * far));
        if (map.visible(i)) bins[Math.max(0, Math.min(DEPTHS - 1, bin))].push(i);
      }
      bins.forEach((bin, k) => bin.forEach((i) => paint(i, 0.3 + (0.7 * k) / DEPTHS)));
    }
    context.globalAlpha = 1;
  }

  drawOccluded(map, occluded) {
    const { context, pane } = this;
    const faint = Math.max(0.1, Math.min(0.4, 9 / Math.sqrt(pane.n)));
    const { looks, lookOf } = map.colours.looks(pane);
    const alike = looks.map(() => [[], []]); // points by look, and by whether they are lit
    for (let i = 0; i < pane.n; i++) {
      if (map.visible(i)) alike[lookOf(i)][map.selection ? map.selection[i] : 1].push(i);
    }
    alike.forEach((points, look) => {
      for (const lit of [0, 1]) {
        context.beginPath();
        for (const i of points[lit]) {
          const [x, y] = pane.place(occluded, i);
          context.moveTo(pane.x[i], pane.y[i]);
          context.lineTo(x, y);
          context.rect(x - 1.5, y - 1.5, 3, 3);
        }
        context.strokeStyle = looks[look].colour;
        context.globalAlpha = lit ? faint : faint * 0.2;
        context.stroke();
      }
    });
    context.globalAlpha = 1;
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
    outline(context, shape, radius, 0, 0);
    context.fillStyle = colour;
    context.strokeStyle = map.theme.background;
    context.lineWidth = 0.75;
    context.fill();
    if (radius > 2) context.stroke();
    canvas.look = { shape, radius, colour, ground: map.theme.background };
    map.dots.set(key, { canvas, size });
  }
  return map.dots.get(key);
}

const CORNERS = {
  square: [[-1, -1], [1, -1], [1, 1], [-1, 1]],
  triangle: [[0, -1.2], [1.1, 0.9], [-1.1, 0.9]],
  diamond: [[0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]],
};

// The path of a point of this shape around a place.
function outline(context, shape, radius, x, y) {
  if (shape === "disk") return context.arc(x, y, radius, 0, 7);
  CORNERS[shape].forEach(([dx, dy]) => context.lineTo(x + dx * radius, y + dy * radius));
  context.closePath();
}

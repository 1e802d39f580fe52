// What is drawn over a pane's ground: dreams, what is looked at and pointed at, and the outline
// that is being drawn.

const MARK_PX = 12; // from the middle of a memory's or a dream's mark to where others may stand
const TEXT_PX = 12; // height of a name

// Where a name of this half width covers no mark of a memory or dream: its place, or one as near to
// it as can be, along the way; the place itself where there is none in the pane.
function freePlace(pane, [x, y], [dx, dy], half) {
  const covers = (left, base) =>
    (pane.dreams ?? []).some(
      ([a, b]) => Math.abs(a - left) < half + MARK_PX && b > base - TEXT_PX - MARK_PX && b < base + MARK_PX,
    );
  const inside = (left, base) => left >= half && left <= pane.width - half && base >= TEXT_PX && base <= pane.height;
  for (let step = 0; step < 200; step += 2) {
    for (const by of [step, -step]) {
      const [left, base] = [x + by * dx, y + by * dy];
      if (!covers(left, base) && (step === 0 || inside(left, base))) return [left, base];
    }
  }
  return [x, y];
}

class Marks {
  constructor(pane) {
    this.pane = pane;
    this.context = pane.context;
  }

  draw(map, names) {
    this.drawDreams(map);
    const axes = this.placedAxes(map);
    names.draw(map, axes);
    this.drawMarks(map);
    this.nameAxes(map, axes);
    if (map.trace?.pane === this.pane) this.drawTrace(map);
  }

  // Memories A and B, the path between them as λ goes from 0 to 1, and REM dreams.
  drawDreams(map) {
    const { context, pane } = this;
    const layer = map.layer("dreams");
    const latents = layer?.[`points${pane.index}`];
    pane.dreams = [];
    if (!latents?.length) return;
    const { theme } = map;
    const places = Array.from({ length: latents.length / pane.dims }, (_, i) => pane.place(latents, i));
    pane.dreams = places;
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

  // Over all else, on a halo, and beside what stands for memories and dreams.
  nameAxes({ theme }, axes) {
    const { context } = this;
    context.font = `${theme.size} ${theme.font}`;
    context.lineJoin = "round";
    context.lineWidth = 4;
    context.strokeStyle = theme.background;
    context.fillStyle = theme.text;
    context.textAlign = "center";
    for (const { label, x, y } of axes) {
      context.strokeText(label, x, y);
      context.fillText(label, x, y);
    }
    context.lineWidth = 1;
  }

  // Where the names of axes stand, and half the width of each.
  placedAxes({ theme }) {
    const { context, pane } = this;
    context.font = `${theme.size} ${theme.font}`;
    const width = (label) => context.measureText(label).width / 2;
    return this.axisNames(width).map(([label, place, way]) => {
      const half = width(label);
      const [x, y] = freePlace(pane, place, way, half);
      return { label, x, y, half };
    });
  }

  // Each axis' name, where it would stand, and the way on which it may give way.
  axisNames(half) {
    const { pane } = this;
    if (pane.dims === 2) {
      const [right, up] = [`${pane.axes[0]} →`, `↑ ${pane.axes[1]}`];
      return [
        [right, [pane.width - 10 - half(right), pane.height - 7], [-1, 0]],
        [up, [8 + half(up), 40], [0, 1]],
      ];
    }
    return pane.axes.map((label, k) => {
      const [[x0, y0], [x1, y1]] = pane.ground.axis(k);
      const length = Math.hypot(x1 - x0, y1 - y0);
      // An axis that points at the viewer has no way on the screen.
      const way = length > 1 ? [(x1 - x0) / length, (y1 - y0) / length] : [0, -1];
      return [label, [x1 + 0.04 * (x1 - x0), y1 + 0.04 * (y1 - y0)], way];
    });
  }

  drawMarks(map) {
    const { pane } = this;
    const { theme } = map;
    const marks = map.layer("marks") ?? {};
    const occluded = map.layer("occluded")?.[`points${pane.index}`];
    if (map.picked >= 0) {
      const near = marks.picked === map.picked ? (marks.neighbours?.[pane.index] ?? []) : [];
      near.forEach((i) => this.join(map.picked, [pane.x[i], pane.y[i]], theme.quiet));
      near.forEach((i) => this.ring(pane.x[i], pane.y[i], pane.radius + 2.5, theme.text, 1.25));
      this.ring(pane.x[map.picked], pane.y[map.picked], pane.radius + 5, theme.text, 2.5);
    }
    if (map.spot?.pane === pane.index) {
      const [x, y] = pane.place(map.spot.at, 0);
      if (marks.nearest >= 0) this.join(marks.nearest, [x, y], theme.quiet);
      this.ring(x, y, 8, theme.text, 2.5);
      this.ring(x, y, 1, theme.text, 2.5);
    }
    if (map.hover >= 0) {
      if (occluded?.length) {
        const end = pane.place(occluded, map.hover);
        this.join(map.hover, end, theme.text);
        this.ring(end[0], end[1], 3.5, theme.text, 1.5);
      }
      this.ring(pane.x[map.hover], pane.y[map.hover], pane.radius + 3, theme.text, 2);
    }
  }

  join(i, [x, y], colour) {
    const { context, pane } = this;
    context.strokeStyle = colour;
    context.lineWidth = 1.25;
    context.beginPath();
    context.moveTo(pane.x[i], pane.y[i]);
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
}
